module airlock.local/tools/pause

go 1.26.2
