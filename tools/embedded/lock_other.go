//go:build !unix

package main

import "os"

// There is no flock here; the ports still keep two servers with the same settings apart.
func lock(*os.File) error { return nil }
