package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func startMongo(address, directory string) (running, error) {
	host, port, err := freeAddress(address)
	if err != nil {
		return running{}, fmt.Errorf("MongoDB: %v", err)
	}
	if err := claim(directory); err != nil {
		return running{}, fmt.Errorf("MongoDB: %v", err)
	}
	// With a write-ahead log, `normal` survives the death of the process, which is what is promised here; a power cut
	// may lose the last writes, and the projection is rebuilt from the log of JetStream anyway.
	files := url.URL{Scheme: "file", OmitHost: true, Path: directory + "/", RawQuery: "_pragma=synchronous(normal)"}
	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: net.JoinHostPort(host, strconv.Itoa(port))},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: files.String(),
	})
	if err != nil {
		return running{}, fmt.Errorf("MongoDB: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = db.Run(ctx) }()
	return running{url: db.MongoDBURI(), stop: func() { cancel(); <-stopped }}, nil
}
