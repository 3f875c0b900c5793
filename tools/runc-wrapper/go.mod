module airlock.local/tools/runc-wrapper

go 1.26.2
