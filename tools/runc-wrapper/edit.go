package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Flags of runc, before and after the sub-command, whose value is the next argument.
var valued = map[string]bool{
	"root": true, "log": true, "log-format": true, "criu": true, "rootless": true,
	"bundle": true, "b": true, "console-socket": true, "pid-file": true, "preserve-fds": true, "pidfd-socket": true,
	"process": true, "p": true, "cwd": true, "env": true, "e": true, "user": true, "u": true,
	"additional-gids": true, "g": true, "process-label": true, "apparmor": true, "cap": true, "c": true, "cgroup": true,
}

// fileToEdit returns the bundle's config.json for create and run, the process file for `exec --process`, else "".
func fileToEdit(args []string) (path string, isProcess bool) {
	command, bundle, process := "", "", ""
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			if command != "" {
				break // the container's id: what follows belongs to the container
			}
			command = args[i]
			continue
		}
		name, value, inline := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !inline && valued[name] && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch name {
		case "bundle", "b":
			bundle = value
		case "process", "p":
			process = value
		}
	}
	switch command {
	case "create", "run":
		return filepath.Join(bundle, "config.json"), false
	case "exec":
		return process, true
	}
	return "", false
}

// boundingSet reads the CapBnd line of a /proc/<pid>/status file.
func boundingSet(path string) (uint64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if hex, found := strings.CutPrefix(lines.Text(), "CapBnd:"); found {
			return strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		}
	}
	return 0, fmt.Errorf("%s has no CapBnd line", path)
}

// editFile rewrites the file only if something must go, beside and renamed, with its mode kept.
func editFile(path string, isProcess bool, bounding uint64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	edited, changed, err := edit(data, isProcess, bounding)
	if err != nil || !changed {
		return err
	}
	beside := path + ".airlock"
	if err := os.WriteFile(beside, edited, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(beside, path)
}

// edit removes what a host with this bounding set refuses. Unknown fields and big numbers pass through unchanged.
func edit(data []byte, isProcess bool, bounding uint64) ([]byte, bool, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return nil, false, err
	}
	process := document
	if !isProcess {
		inner, ok := document["process"].(map[string]any)
		if !ok {
			return data, false, nil
		}
		process = inner
	}
	changed := filterCapabilities(process, bounding)
	if bounding&(1<<capSysResource) == 0 {
		for _, field := range []string{"rlimits", "oomScoreAdj"} {
			if _, present := process[field]; present {
				delete(process, field)
				changed = true
			}
		}
	}
	if !changed {
		return data, false, nil
	}
	edited, err := json.Marshal(document)
	return edited, true, err
}

func filterCapabilities(process map[string]any, bounding uint64) bool {
	sets, ok := process["capabilities"].(map[string]any)
	if !ok {
		return false
	}
	changed := false
	for set, value := range sets {
		names, ok := value.([]any)
		if !ok {
			continue
		}
		kept := make([]any, 0, len(names))
		for _, name := range names {
			text, _ := name.(string)
			bit, known := capabilityBits[text]
			if known && bounding&(1<<bit) == 0 {
				changed = true
				continue
			}
			kept = append(kept, name)
		}
		sets[set] = kept
	}
	return changed
}
