package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// freeAddress checks that address can be listened on, so that the reason can be given in one sentence; port 0 stays 0,
// "any free port". Only loopback is accepted: neither server asks for a password.
func freeAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%q is no address: give host:port", address)
	}
	if port, err = strconv.Atoi(text); err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q has no valid port: give a number from 0 to 65535", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", 0, fmt.Errorf("%s is not a loopback address, and these servers have no passwords", host)
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", 0, fmt.Errorf("port %d on %s is in use by another program", port, host)
	}
	if err != nil {
		return "", 0, fmt.Errorf("cannot listen on %s: %v", address, err)
	}
	return host, port, listener.Close()
}

// claim creates directory and locks it until the process ends: two servers on the same files would corrupt them.
func claim(directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("cannot create the data directory: %v", err)
	}
	file, err := os.OpenFile(directory+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("cannot create the lock file: %v", err)
	}
	if err := lock(file); err != nil {
		return fmt.Errorf("the data in %s is in use by another server", directory)
	}
	held = append(held, file)
	return nil
}

// held keeps the lock files open: a collected file would be closed and so unlocked.
var held []*os.File
