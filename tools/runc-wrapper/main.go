// Command runc-wrapper lets containers start on a host whose root lacks capabilities that a privileged container asks for
// (commonly CAP_SYS_RESOURCE inside a sandbox). It stands in for runc as the engine's default runtime: before it hands over
// to runc it removes from the bundle's config.json (create, run) and from the process file (exec) what the host would
// refuse: capabilities outside its own bounding set and, without CAP_SYS_RESOURCE, rlimits and oomScoreAdj.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

func main() {
	if err := prepare(os.Args[1:]); err != nil {
		// runc itself gives the better message if the file is truly broken; this one goes to the engine's log.
		fmt.Fprintln(os.Stderr, "runc-wrapper:", err)
	}
	runc, err := findRunc()
	if err != nil {
		fmt.Fprintln(os.Stderr, "runc-wrapper:", err)
		os.Exit(127)
	}
	if err := syscall.Exec(runc, append([]string{runc}, os.Args[1:]...), os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, "runc-wrapper:", err)
		os.Exit(126)
	}
}

func prepare(args []string) error {
	file, isProcess := fileToEdit(args)
	if file == "" {
		return nil
	}
	bounding, err := boundingSet("/proc/self/status")
	if err != nil {
		return err
	}
	return editFile(file, isProcess, bounding)
}

// findRunc returns the real runc: $AIRLOCK_RUNC, or the first in PATH and the usual places that is not this program.
func findRunc() (string, error) {
	if path := os.Getenv("AIRLOCK_RUNC"); path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	candidates := []string{}
	if path, err := exec.LookPath("runc"); err == nil {
		candidates = append(candidates, path)
	}
	candidates = append(candidates, "/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc")
	for _, path := range candidates {
		resolved, err := filepath.EvalSymlinks(path)
		if err == nil && resolved != self {
			return resolved, nil
		}
	}
	return "", fmt.Errorf("no runc found in PATH, /usr/sbin, /usr/bin or /usr/local")
}
