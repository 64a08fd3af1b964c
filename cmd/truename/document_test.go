package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocumentNumber(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
		out    string
		err    string
	}{
		"holds":           {[]string{"cn_resident_id", "11010519491231002X"}, 0, "1949-12-31", ""},
		"does not":        {[]string{"cn_resident_id", "110105194912310021"}, exitUnusable, "", "check_digit"},
		"no such type":    {[]string{"library_card", "1"}, exitUnusable, "", "cn_resident_id"},
		"Aadhaar, masked": {[]string{"in_aadhaar", "234123412346"}, 0, "XXXXXXXX2346", ""},
		"JSON":            {[]string{"--json", "pk_cnic", "35202-1234567-1"}, 0, `"sex": "M"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, err := program(t.Context(), append([]string{"document", "number"}, tt.args...)...)
			if status != tt.status || !strings.Contains(out, tt.out) || !strings.Contains(err, tt.err) {
				t.Errorf("status %d, %q, %q", status, out, err)
			}
			if value := tt.args[len(tt.args)-1]; len(value) > 4 && (strings.Contains(err, value) || name == "Aadhaar, masked" && strings.Contains(out, value)) {
				t.Error("the number is in what is said about it")
			}
		})
	}
}

// utopia is the specimen of Doc 9303-4, appendix B.
var utopia = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}

// The lines of a zone come on standard input; a check digit that does not hold is told by the exit status.
func TestDocumentZone(t *testing.T) {
	zone := func(lines []string) (int, string, string) {
		path := filepath.Join(t.TempDir(), "lines")
		must(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		in, err := os.Open(path)
		must(t, err)
		defer in.Close()
		old := os.Stdin
		os.Stdin = in
		defer func() { os.Stdin = old }()
		var out, errs bytes.Buffer
		status := run(t.Context(), []string{"document", "zone", "--json"}, output{&out, &errs})
		return status, out.String(), errs.String()
	}
	status, out, errs := zone(utopia)
	if status != 0 || !strings.Contains(out, `"valid": true`) || !strings.Contains(out, `"surname": "ERIKSSON"`) || !strings.Contains(out, `"birth_date": "1974-08-12"`) {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	wrong := []string{utopia[0], strings.Replace(utopia[1], "L898902C3", "L898902C4", 1)}
	if status, out, _ := zone(wrong); status != exitNoMatch || !strings.Contains(out, `"valid": false`) {
		t.Errorf("with a wrong digit: status %d\n%s", status, out)
	}
	if status, _, errs := zone([]string{"no zone"}); status != exitUnusable || errs == "" {
		t.Errorf("no zone: status %d, %q", status, errs)
	}
}
