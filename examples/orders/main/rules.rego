# What the schema cannot say. `input` is the services' values; each message of `deny` refuses them.
package main

import rego.v1

# What one instance of the fulfilment deals with.
orders_per_instance := 10

deny contains message if {
	capacity := input.fulfilment.replicas * orders_per_instance
	input.ordersPerSecond > capacity
	message := sprintf(
		"fulfilment.replicas: %d can deal with %d orders per second, but ordersPerSecond is %v",
		[input.fulfilment.replicas, capacity, input.ordersPerSecond],
	)
}
