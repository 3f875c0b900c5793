// The fulfilment takes orders from the broker, each by one of its instances, and says when it has dealt with them.
package main

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"sync"

	"airlock.local/tools/orders/event"
	"github.com/nats-io/nats.go"
)

// State is what an instance of the fulfilment answers on /.
type State struct {
	Service   string `json:"service"`
	Version   string `json:"version"`
	Connected bool   `json:"connected"`
	Consumed  int64  `json:"consumed"`
	// Sum of the orders, in cents by currency.
	Turnover map[string]int64 `json:"turnover"`
}

func main() {
	if err := run(); err != nil {
		slog.Error("the fulfilment ends", "error", err)
		os.Exit(1)
	}
}

func run() error {
	var mutex sync.Mutex
	var consumed int64
	turnover := map[string]int64{}
	connection, err := event.Connect("fulfilment")
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = connection.QueueSubscribe(event.Placed, "fulfilment", func(message *nats.Msg) {
		var order event.Order
		if err := json.Unmarshal(message.Data, &order); err != nil {
			slog.Warn("an order that cannot be read", "error", err)
			return
		}
		mutex.Lock()
		consumed++
		turnover[order.Currency] += order.Cents
		mutex.Unlock()
		if err := connection.Publish(event.Fulfilled, message.Data); err != nil {
			slog.Warn("reporting an order", "error", err)
		}
	})
	if err != nil {
		return err
	}
	return event.Serve(connection, func() any {
		mutex.Lock()
		defer mutex.Unlock()
		return State{
			Service:   "fulfilment",
			Version:   event.Setting("VERSION", "unknown"),
			Connected: connection.IsConnected(),
			Consumed:  consumed,
			Turnover:  maps.Clone(turnover),
		}
	})
}
