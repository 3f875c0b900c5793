// Package event is what the services of the orders example agree on: the subjects, the messages, and how a service of it
// connects to the broker and answers over HTTP.
package event

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// Placed is published by the shop for each order.
	Placed = "orders.placed"
	// Fulfilled is published by the fulfilment for each order it has dealt with.
	Fulfilled = "orders.fulfilled"
)

// Order is the message of both subjects.
type Order struct {
	// Which instance of the shop it was placed at: while one takes over from another, there are two.
	Shop     string `json:"shop"`
	Number   int64  `json:"number"`
	Cents    int64  `json:"cents"`
	Currency string `json:"currency"`
}

// Setting is an environment variable, or what holds without it.
func Setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// Connect reaches the broker, however long that takes: services may be started before it.
func Connect(service string) (*nats.Conn, error) {
	return nats.Connect(Setting("BROKER_URL", nats.DefaultURL),
		nats.Name(service),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500*time.Millisecond),
		nats.ConnectHandler(func(c *nats.Conn) { slog.Info("connected", "broker", c.ConnectedUrlRedacted()) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { slog.Warn("disconnected", "error", err) }),
		nats.ReconnectHandler(func(c *nats.Conn) { slog.Info("connected again", "broker", c.ConnectedUrlRedacted()) }),
	)
}

// Serve answers until the process is told to end: / with the state as JSON, /healthz always, /readyz while there is a broker.
func Serve(connection *nats.Conn, state func() any) error {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(state()); err != nil {
			slog.Warn("answering", "error", err)
		}
	})
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if connection.IsConnected() {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "no connection to the broker", http.StatusServiceUnavailable)
	})
	server := &http.Server{Addr: Setting("LISTEN", ":8080"), Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	told, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-told.Done()
		// What was taken from the broker is dealt with before the process ends.
		if err := connection.Drain(); err != nil {
			slog.Warn("draining", "error", err)
		}
		ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(ending); err != nil {
			slog.Warn("shutting down", "error", err)
		}
	}()
	slog.Info("listening", "address", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
