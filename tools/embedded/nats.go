package main

import (
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const natsStartLimit = 30 * time.Second

func startNats(address, directory string) (running, error) {
	host, port, err := freeAddress(address)
	if err != nil {
		return running{}, fmt.Errorf("NATS: %v", err)
	}
	if err := claim(directory); err != nil {
		return running{}, fmt.Errorf("NATS: %v", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	nats, err := server.NewServer(&server.Options{
		ServerName: "switchboard-embedded",
		Host:       host,
		Port:       port,
		JetStream:  true,
		StoreDir:   directory,
		NoSigs:     true,
		// A frozen client is noticed within 15 s; the server's default of two minutes is made for wide networks.
		PingInterval:           5 * time.Second,
		MaxPingsOut:            2,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return running{}, fmt.Errorf("NATS: %v", err)
	}
	nats.SetLoggerV2(natsLog{}, false, false, false)
	nats.Start()
	if !nats.ReadyForConnections(natsStartLimit) {
		nats.Shutdown()
		return running{}, fmt.Errorf("NATS accepts no connection on %s after %s", address, natsStartLimit)
	}
	return running{
		url:  fmt.Sprintf("nats://%s", nats.Addr()),
		stop: func() { nats.Shutdown(); nats.WaitForShutdown() },
	}, nil
}

// natsLog passes on what a developer must see; notices and traces stay away from the terminal.
type natsLog struct{}

func (natsLog) Noticef(string, ...any) {}
func (natsLog) Debugf(string, ...any)  {}
func (natsLog) Tracef(string, ...any)  {}

func (natsLog) Warnf(format string, v ...any) {
	fmt.Fprintf(os.Stderr, "nats warning: "+format+"\n", v...)
}

func (natsLog) Errorf(format string, v ...any) {
	fmt.Fprintf(os.Stderr, "nats error: "+format+"\n", v...)
}

func (natsLog) Fatalf(format string, v ...any) {
	fmt.Fprintf(os.Stderr, "embedded: NATS: "+format+"\n", v...)
	os.Exit(1)
}
