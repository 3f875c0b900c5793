package main

import (
	"strings"
	"testing"
)

const withoutSysResource = uint64(0x1fffeffffff)

func TestFileToEdit(t *testing.T) {
	cases := []struct {
		args      string
		path      string
		isProcess bool
	}{
		{"--root /r --log /l --log-format json create --bundle /b --pid-file /p id", "/b/config.json", false},
		{"--root=/r --systemd-cgroup run -b /b id", "/b/config.json", false},
		{"create id", "config.json", false},
		{"--log /l exec --process /p.json --detach --pid-file /x id", "/p.json", true},
		{"exec id ls --bundle /b", "", true},
		{"--root /r delete --force id", "", false},
		{"--version", "", false},
	}
	for _, c := range cases {
		path, isProcess := fileToEdit(strings.Fields(c.args))
		if path != c.path || isProcess != c.isProcess {
			t.Errorf("%q: got %q %v", c.args, path, isProcess)
		}
	}
}

func TestEditRemovesOnlyWhatTheHostRefuses(t *testing.T) {
	in := `{"ociVersion":"1.0.2","process":{"oomScoreAdj":-999,"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615}],` +
		`"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]}},"linux":{"big":18446744073709551615}}`
	out, changed, err := edit([]byte(in), false, withoutSysResource)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	want := `{"linux":{"big":18446744073709551615},"ociVersion":"1.0.2","process":{"capabilities":{"bounding":["CAP_CHOWN"]}}}`
	if string(out) != want {
		t.Errorf("got %s", out)
	}
}

func TestEditLeavesACapableHostAlone(t *testing.T) {
	in := `{"oomScoreAdj":-999,"rlimits":[],"capabilities":{"bounding":["CAP_SYS_RESOURCE"]}}`
	out, changed, err := edit([]byte(in), true, 0x1ffffffffff)
	if err != nil || changed || string(out) != in {
		t.Errorf("got %s %v %v", out, changed, err)
	}
}
