package policy

import (
	"os"
	"path/filepath"
	"testing"
)

// The golden decisions follow from the rules of each pack as it cites them; a pack that decides otherwise has been changed.
func TestGoldenDecisions(t *testing.T) {
	for _, name := range Builtin() {
		t.Run(name, func(t *testing.T) {
			p := builtinPack(t, name)
			cases, err := os.ReadFile(filepath.Join("testdata", name+".toml"))
			if err != nil {
				t.Fatal(err)
			}
			report, err := p.Test(cases)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Results) < 12 {
				t.Errorf("only %d cases", len(report.Results))
			}
			for _, r := range report.Results {
				if r.Difference != "" {
					t.Errorf("%s: %s", r.Name, r.Difference)
				}
			}
		})
	}
}

func TestGoldenCasesThatAreWrong(t *testing.T) {
	p := builtinPack(t, "cn")
	report, err := p.Test([]byte("[[case]]\nname = \"nothing\"\nverdict = \"approve\"\nkind = \"new_number\"\nroute = \"face\"\n"))
	if err != nil || report.Failed() != 1 {
		t.Errorf("a case without findings was approved, or not reported: %+v, %v", report, err)
	}
	for name, text := range map[string]string{
		"empty": "", "unknown key": "[[case]]\nname = \"x\"\nverdict = \"approve\"\nverdicts = 1\n",
		"verdict": "[[case]]\nname = \"x\"\nverdict = \"perhaps\"\n", "not TOML": "[[case",
	} {
		if _, err := p.Test([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
