// Command embedded runs NATS with JetStream and a MongoDB-wire server (FerretDB on SQLite) in one process, for machines
// that have neither these servers nor Docker. It is a development and test tool: production runs the real engines.
//
//	embedded --nats 127.0.0.1:4222 --mongo 127.0.0.1:27017 --data .data
//
// Either address may be left out; port 0 chooses a free one. Once both accept connections it prints one line of JSON,
// {"nats":"nats://…","mongo":"mongodb://…"}, and nothing else on standard output. SIGTERM and SIGINT stop it cleanly.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// stopLimit bounds a clean stop: FerretDB gives its clients three seconds to leave by themselves.
const stopLimit = 6 * time.Second

type settings struct {
	nats, mongo, data string
	withParent        bool
	disposable        bool
}

// running is one server that accepts connections at url until stop is called.
type running struct {
	url  string
	stop func()
}

func main() {
	var s settings
	flag.StringVar(&s.nats, "nats", "", "host:port of the NATS server; left out, none is started")
	flag.StringVar(&s.mongo, "mongo", "", "host:port of the MongoDB-wire server; left out, none is started")
	flag.StringVar(&s.data, "data", "", "directory that holds the data of both")
	flag.BoolVar(&s.withParent, "with-parent", false, "stop when standard input closes, that is when the parent dies")
	flag.BoolVar(&s.disposable, "disposable", false, "with --with-parent: delete the data when standard input closes")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "embedded:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	if s.nats == "" && s.mongo == "" {
		return fmt.Errorf("give --nats, --mongo or both, each as host:port")
	}
	if s.data == "" {
		return fmt.Errorf("give --data, the directory to keep the data in")
	}
	data, err := filepath.Abs(s.data)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if s.withParent {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			if s.disposable {
				// Nobody will read this data again, so nothing is worth a clean stop.
				_ = os.RemoveAll(data)
				os.Exit(0)
			}
			cancel()
		}()
	}

	started := map[string]running{}
	defer func() { stopAll(started) }()
	if s.nats != "" {
		if started["nats"], err = startNats(s.nats, filepath.Join(data, "nats")); err != nil {
			return err
		}
	}
	if s.mongo != "" {
		if started["mongo"], err = startMongo(s.mongo, filepath.Join(data, "mongo")); err != nil {
			return err
		}
	}
	urls := map[string]string{}
	for name, server := range started {
		urls[name] = server.url
	}
	if err := json.NewEncoder(os.Stdout).Encode(urls); err != nil {
		return err
	}
	<-ctx.Done()
	cancel() // a second signal ends the process at once
	return nil
}

func stopAll(started map[string]running) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		finished := make(chan struct{})
		count := 0
		for _, server := range started {
			if server.stop != nil {
				count++
				go func() { server.stop(); finished <- struct{}{} }()
			}
		}
		for range count {
			<-finished
		}
	}()
	select {
	case <-done:
	case <-time.After(stopLimit):
		fmt.Fprintln(os.Stderr, "embedded: gave up waiting for a clean stop")
	}
}
