// The shop places orders at a steady rate and counts those that come back fulfilled.
package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"airlock.local/tools/orders/event"
	"github.com/nats-io/nats.go"
)

// State is what the shop answers on /.
type State struct {
	Service   string  `json:"service"`
	Version   string  `json:"version"`
	Connected bool    `json:"connected"`
	Rate      float64 `json:"ordersPerSecond"`
	Currency  string  `json:"currency"`
	Placed    int64   `json:"placed"`
	Fulfilled int64   `json:"fulfilled"`
}

func main() {
	if err := run(); err != nil {
		slog.Error("the shop ends", "error", err)
		os.Exit(1)
	}
}

func run() error {
	rate, err := strconv.ParseFloat(event.Setting("ORDERS_PER_SECOND", "1"), 64)
	if err != nil || rate <= 0 || rate > 1000 {
		slog.Warn("ORDERS_PER_SECOND is no number above 0 and up to 1000; it is 1")
		rate = 1
	}
	currency := event.Setting("CURRENCY", "EUR")
	var placed, fulfilled atomic.Int64
	connection, err := event.Connect("shop")
	if err != nil {
		return err
	}
	defer connection.Close()
	shop, err := os.Hostname()
	if err != nil {
		return err
	}
	_, err = connection.Subscribe(event.Fulfilled, func(message *nats.Msg) {
		var order event.Order
		if json.Unmarshal(message.Data, &order) == nil && order.Shop == shop {
			fulfilled.Add(1)
		}
	})
	if err != nil {
		return err
	}
	go func() {
		for range time.Tick(time.Duration(float64(time.Second) / rate)) {
			// Without a broker nobody can order: nothing is piled up for later.
			if !connection.IsConnected() {
				continue
			}
			number := placed.Load() + 1
			message, err := json.Marshal(event.Order{Shop: shop, Number: number, Cents: 100 + number*37%9900, Currency: currency})
			if err == nil {
				err = connection.Publish(event.Placed, message)
			}
			if err != nil {
				slog.Warn("placing an order", "error", err)
				continue
			}
			placed.Store(number)
		}
	}()
	return event.Serve(connection, func() any {
		return State{
			Service:   "shop",
			Version:   event.Setting("VERSION", "unknown"),
			Connected: connection.IsConnected(),
			Rate:      rate,
			Currency:  currency,
			Placed:    placed.Load(),
			Fulfilled: fulfilled.Load(),
		}
	})
}
