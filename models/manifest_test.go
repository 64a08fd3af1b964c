package models

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	// manifest is a small one that is right; tests change a piece of it.
	manifest = `format = 1
name = "small"
title = "A small pack"

[[source]]
npm = "@some/thing"
version = "1.2.3"
integrity = "INTEGRITY"

` + detector + landmarks + recogniser

	detector = `[[model]]
role = "detector"
id = "a-detector"
file = "detector.onnx"
sha256 = "` + zeros + `"
npm = "@some/thing"
path = "package/detector.bin"
licence = "MIT"
licence_class = "permissive"
provenance = "nobody"
training_data = "none"
input = { name = "in", layout = "NCHW", width = 32, height = 24, colour = "RGB", mean = [127], std = [128] }
output = { names = ["scores", "boxes"], shapes = [[1, 10, 2], [1, 10, 4]], decode = "boxes-xyxy", threshold = 0.5, overlap = 0.4 }
crop = { kind = "letterbox" }
`
	landmarks = `[[model]]
role = "landmarks"
id = "some-landmarks"
file = "landmarks.onnx"
sha256 = "` + zeros + `"
npm = "@some/thing"
path = "package/landmarks.bin"
licence = "MIT"
licence_class = "permissive"
provenance = "nobody"
training_data = "none"
input = { name = "in", layout = "NHWC", width = 64, height = 64, colour = "grey", mean = [0], std = [256] }
output = { names = ["out"], shapes = [[1, 136]], decode = "points-68" }
crop = { kind = "box", scale = 1.0 }
`
	recogniser = `[[model]]
role = "recogniser"
id = "a-recogniser"
file = "recogniser.onnx"
sha256 = "` + zeros + `"
npm = "@some/thing"
path = "package/recogniser.bin"
licence = "MIT"
licence_class = "permissive"
provenance = "nobody"
training_data = "none"
input = { name = "in", layout = "NCHW", width = 112, height = 112, colour = "BGR", mean = [1, 2, 3], std = [4, 5, 6] }
output = { names = ["out"], shapes = [[1, 512]], decode = "embedding" }
calibrations = ["fast.toml"]
crop = { kind = "points", points = [[38, 51], [73, 51], [56, 71], [41, 92], [70, 92]] }
`
	zeros = "0000000000000000000000000000000000000000000000000000000000000000"

	table = `model = "a-recogniser"
effort = "fast"
dataset = "made up"
people = 10
images = 20
impostors = 180
rows = [
  { score = 0.1, fmr = 0.5, lower = 0.4, upper = 0.6 },
  { score = 0.2, fmr = 0.1, lower = 0.0, upper = 0.2 },
]
`
)

// folder is a manifest and a calibration table as files.
func folder(manifest, table string) fstest.MapFS {
	return fstest.MapFS{"pack.toml": {Data: []byte(manifest)}, "fast.toml": {Data: []byte(table)}}
}

func TestParse(t *testing.T) {
	m, err := Parse(folder(manifest, table), "pack.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := Model{
		Role: RoleRecogniser, ID: "a-recogniser", File: "recogniser.onnx", SHA256: zeros, NPM: "@some/thing", Path: "package/recogniser.bin",
		Licence: "MIT", LicenceClass: LicencePermissive, Provenance: "nobody", TrainingData: "none",
		Input:        Input{Name: "in", Layout: "NCHW", Width: 112, Height: 112, Colour: ColourBGR, Mean: []float32{1, 2, 3}, Std: []float32{4, 5, 6}},
		Output:       Output{Names: []string{"out"}, Shapes: [][]int64{{1, 512}}, Decode: "embedding"},
		Crop:         Crop{Kind: "points", Points: [][2]float64{{38, 51}, {73, 51}, {56, 71}, {41, 92}, {70, 92}}},
		Calibrations: []string{"fast.toml"},
		tables: []Calibration{{Model: "a-recogniser", Effort: "fast", Dataset: "made up", People: 10, Images: 20, Impostors: 180,
			Rows: []CalibrationRow{{0.1, 0.5, 0.4, 0.6}, {0.2, 0.1, 0, 0.2}}}},
	}
	if diff := cmp.Diff(&want, m.Model(RoleRecogniser), cmp.AllowUnexported(Model{})); diff != "" {
		t.Error(diff)
	}
	if m.Model(RolePose) != nil {
		t.Error("a pose network that the manifest does not have")
	}
	if diff := cmp.Diff([]int64{1, 3, 24, 32}, m.Model(RoleDetector).Input.Shape()); diff != "" {
		t.Errorf("NCHW: %s", diff)
	}
	if diff := cmp.Diff([]int64{1, 64, 64, 1}, m.Model(RoleLandmarks).Input.Shape()); diff != "" {
		t.Errorf("NHWC: %s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ old, new, message string }{
		"unknown key at the top":       {"title =", "titel =", "unknown key"},
		"unknown key of a model":       {"licence_class =", "license_class =", "unknown key"},
		"unknown key of an input":      {`layout = "NCHW"`, `layout = "NCHW", batch = 2`, "unknown key"},
		"unknown key of an output":     {"overlap =", "overlapp =", "unknown key"},
		"unknown key of a crop":        {`kind = "letterbox"`, `kind = "letterbox", padding = 1`, "unknown key"},
		"no TOML":                      {"format = 1", "format = = 1", "pack.toml"},
		"wrong type":                   {"width = 32", `width = "32"`, "pack.toml"},
		"other format":                 {"format = 1", "format = 2", "format 2"},
		"no format":                    {"format = 1\n", "", "format 0"},
		"no name":                      {`name = "small"`, `name = ""`, "name"},
		"name leaves the folder":       {`name = "small"`, `name = "../small"`, "name"},
		"name is hidden":               {`name = "small"`, `name = "..small"`, "name"},
		"no detector":                  {detector, "", `no model with role "detector"`},
		"no landmarks":                 {landmarks, "", `no model with role "landmarks"`},
		"no recogniser":                {recogniser, "", `no model with role "recogniser"`},
		"two detectors":                {detector, detector + detector, "two models"},
		"unknown role":                 {detector, detector + strings.Replace(detector, `"detector"`, `"guesser"`, 1), "unknown role"},
		"no id":                        {`id = "a-detector"`, `id = ""`, "must be stated"},
		"no licence":                   {`licence = "MIT"`, `licence = ""`, "must be stated"},
		"no licence class":             {`licence_class = "permissive"`, "", "licence_class"},
		"unknown licence class":        {`"permissive"`, `"free"`, "licence_class"},
		"no provenance":                {`provenance = "nobody"`, "", "must be stated"},
		"no training data":             {`training_data = "none"`, "", "must be stated"},
		"no file":                      {`file = "detector.onnx"`, "", "file"},
		"file in another folder":       {`file = "detector.onnx"`, `file = "../../etc/passwd"`, "file"},
		"file in a deeper folder":      {`file = "detector.onnx"`, `file = "x/detector.onnx"`, "file"},
		"no hash":                      {`sha256 = "` + zeros + `"`, "", "sha256"},
		"short hash":                   {zeros, zeros[2:], "sha256"},
		"hash of other digits":         {zeros, "g" + zeros[1:], "sha256"},
		"unknown decoding":             {"boxes-xyxy", "boxes-xywh", "output.decode"},
		"another role's decoding":      {"points-68", "embedding", "output.decode"},
		"unknown crop":                 {`kind = "letterbox"`, `kind = "stretch"`, "crop.kind"},
		"another role's crop":          {`kind = "letterbox"`, `kind = "box", scale = 1`, "crop.kind"},
		"no scale":                     {`kind = "box", scale = 1.0`, `kind = "box"`, "crop.scale"},
		"negative scale":               {"scale = 1.0", "scale = -1.0", "crop.scale"},
		"scale is no number":           {"scale = 1.0", "scale = nan", "crop.scale"},
		"four points":                  {"[38, 51], ", "", "crop.points"},
		"no points":                    {`kind = "points", points = [[38, 51], [73, 51], [56, 71], [41, 92], [70, 92]]`, `kind = "points"`, "crop.points"},
		"more names than shapes":       {`names = ["out"]`, `names = ["out", "more"]`, "same length"},
		"no outputs":                   {`names = ["out"], shapes = [[1, 136]]`, `names = [], shapes = []`, "same length"},
		"input without name":           {`name = "in", layout`, `name = "", layout`, "input.name"},
		"unknown layout":               {`"NCHW"`, `"CHWN"`, "input.layout"},
		"no layout":                    {`layout = "NCHW", `, "", "input.layout"},
		"no width":                     {"width = 32, ", "", "out of range"},
		"negative height":              {"height = 24", "height = -24", "out of range"},
		"huge width":                   {"width = 32", "width = 100000", "out of range"},
		"unknown colours":              {`"RGB"`, `"YUV"`, "input.colour"},
		"two means for three channels": {"mean = [1, 2, 3]", "mean = [1, 2]", "input.mean"},
		"no std":                       {"std = [4, 5, 6]", "std = []", "input.std"},
		"std of zero":                  {"std = [4, 5, 6]", "std = [4, 0, 6]", "zero"},
		"three means for grey":         {"mean = [0], std = [256]", "mean = [0, 0, 0], std = [256]", "input.mean"},
		"missing calibration":          {`["fast.toml"]`, `["fast.toml", "slow.toml"]`, "slow.toml"},
		"calibration elsewhere":        {`["fast.toml"]`, `["../fast.toml"]`, "fast.toml"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(manifest, test.old, test.new, 1)
			if changed == manifest {
				t.Fatalf("the manifest has no %q to replace", test.old)
			}
			m, err := Parse(folder(changed, table), "pack.toml")
			if err == nil || m != nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("manifest %v, error %v; want one that says %q", m, err, test.message)
			}
		})
	}
}

func TestParseRefusesCalibration(t *testing.T) {
	tests := map[string]struct{ old, new, message string }{
		"unknown key":            {"people =", "persons =", "unknown key"},
		"unknown key of a row":   {"upper = 0.6", "upper = 0.6, middle = 0.5", "unknown key"},
		"no model":               {`model = "a-recogniser"`, "", "must be stated"},
		"no effort":              {`effort = "fast"`, "", "must be stated"},
		"no data set":            {`dataset = "made up"`, "", "must be stated"},
		"no impostors":           {"impostors = 180", "impostors = 0", "must be stated"},
		"one row":                {"{ score = 0.2, fmr = 0.1, lower = 0.0, upper = 0.2 },", "", "two rows"},
		"scores fall":            {"score = 0.2", "score = 0.05", "rise"},
		"scores stay":            {"score = 0.2", "score = 0.1", "rise"},
		"score is no number":     {"score = 0.2", "score = nan", "rise"},
		"rates rise":             {"fmr = 0.1, lower = 0.0, upper = 0.2", "fmr = 0.6, lower = 0.5, upper = 0.7", "fall"},
		"rates stay":             {"fmr = 0.1, lower = 0.0, upper = 0.2", "fmr = 0.5, lower = 0.4, upper = 0.6", "fall"},
		"rate of zero":           {"fmr = 0.1", "fmr = 0.0", "row 2"},
		"rate above one":         {"fmr = 0.5, lower = 0.4, upper = 0.6", "fmr = 1.5, lower = 0.4, upper = 1.6", "row 1"},
		"rate is no number":      {"fmr = 0.5", "fmr = nan", "row 1"},
		"rate below interval":    {"lower = 0.4", "lower = 0.55", "row 1"},
		"rate above interval":    {"upper = 0.6", "upper = 0.45", "row 1"},
		"negative lower bound":   {"lower = 0.0", "lower = -0.1", "row 2"},
		"upper bound is missing": {", upper = 0.6", "", "row 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(table, test.old, test.new, 1)
			if changed == table {
				t.Fatalf("the table has no %q to replace", test.old)
			}
			m, err := Parse(folder(manifest, changed), "pack.toml")
			if err == nil || m != nil || !strings.Contains(err.Error(), "fast.toml") || !strings.Contains(err.Error(), test.message) {
				t.Errorf("manifest %v, error %v; want one about fast.toml that says %q", m, err, test.message)
			}
		})
	}
}

func TestCalibrationByEffort(t *testing.T) {
	m, err := Parse(folder(manifest, table), "pack.toml")
	if err != nil {
		t.Fatal(err)
	}
	recogniser := m.Model(RoleRecogniser)
	if c, err := recogniser.Calibration("fast"); err != nil || c.Effort != "fast" {
		t.Errorf("fast: %v, %v", c, err)
	}
	if c, err := recogniser.Calibration("accurate"); err == nil || c != nil || !strings.Contains(err.Error(), `"fast"`) {
		t.Errorf("accurate: %v, %v; want an error that names the efforts there are", c, err)
	}
}

func TestEmbeddedPacks(t *testing.T) {
	names := Embedded()
	if !slices.Contains(names, DefaultPack) || !slices.Contains(names, "dlib") {
		t.Fatalf("packs %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			pack, err := Find(t.TempDir(), name, false)
			if err != nil {
				t.Fatal(err)
			}
			if pack.Name != name {
				t.Errorf("the manifest of %s calls itself %s", name, pack.Name)
			}
			for i := range pack.Models {
				m := &pack.Models[i]
				if _, err := pack.source(m.NPM); err != nil {
					t.Errorf("%s: %v", m.ID, err)
				}
				if diff := cmp.Diff(outputLengths(m), lengths(m.Output.Shapes)); diff != "" {
					t.Errorf("%s: the lengths of the outputs of %s: %s", m.ID, m.Output.Decode, diff)
				}
				for _, p := range m.Crop.Points {
					if p[0] < 0 || p[1] < 0 || p[0] > float64(m.Input.Width) || p[1] > float64(m.Input.Height) {
						t.Errorf("%s: point %v lies outside of the %d×%d input", m.ID, p, m.Input.Width, m.Input.Height)
					}
				}
				if p := m.Crop.Points; p != nil && !(p[0][0] < p[2][0] && p[2][0] < p[1][0] && p[0][1] < p[2][1] && p[2][1] < p[3][1] && p[3][0] < p[4][0]) {
					t.Errorf("%s: points %v are not eye, eye, nose, mouth, mouth", m.ID, p)
				}
			}
			recogniser := pack.Model(RoleRecogniser)
			for _, effort := range []string{"fast", "accurate"} {
				c, err := recogniser.Calibration(effort)
				if err != nil {
					t.Error(err)
					continue
				}
				if c.Model != recogniser.ID {
					t.Errorf("the table for effort %s is of model %s", effort, c.Model)
				}
				if target, last := 1e-4, c.Rows[len(c.Rows)-1].FMR; c.Rows[0].FMR < target || last > target {
					t.Errorf("the table for effort %s covers %g to %g, which leaves out the default of %g", effort, last, c.Rows[0].FMR, target)
				}
			}
		})
	}
}

// outputLengths gives how many numbers the decodings of a model with fixed lengths read; for the others what it says.
func outputLengths(m *Model) []int64 {
	switch m.Output.Decode {
	case "boxes-xyxy":
		anchors := m.Output.Shapes[0][1]
		return []int64{2 * anchors, 4 * anchors}
	case "points-68":
		return []int64{136}
	case "mesh-468":
		return []int64{3 * 468, 1}
	case "pose-bins":
		return []int64{66, 66, 66}
	case "softmax-closed-open", "softmax-upright-turned":
		return []int64{2}
	case "text-map":
		return []int64{int64(m.Input.Width * m.Input.Height)}
	}
	return lengths(m.Output.Shapes)
}

func lengths(shapes [][]int64) []int64 {
	var ns []int64
	for _, shape := range shapes {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		ns = append(ns, n)
	}
	return ns
}

// FuzzParse: a manifest that is let in is one that keeps the promises other packages rely on.
func FuzzParse(f *testing.F) {
	for _, name := range Embedded() {
		read := func(file string) []byte {
			data, err := fs.ReadFile(embedded, path.Join("packs", name, file))
			if err != nil {
				f.Fatal(err)
			}
			return data
		}
		f.Add(read("manifest.toml"), read("fast.toml"))
	}
	f.Add([]byte(manifest), []byte(table))
	f.Fuzz(func(t *testing.T, manifest, table []byte) {
		files := fstest.MapFS{"pack.toml": {Data: manifest}, "fast.toml": {Data: table}, "accurate.toml": {Data: table}}
		m, err := Parse(files, "pack.toml")
		if err != nil {
			return
		}
		for i := range m.Models {
			model := &m.Models[i]
			if strings.ContainsAny(model.File, "/") || model.File == "" || len(model.SHA256) != 64 {
				t.Errorf("file %q, sha256 %q", model.File, model.SHA256)
			}
			if shape := lengths([][]int64{model.Input.Shape()})[0]; shape < 1 || shape > 3*4096*4096 {
				t.Errorf("an input of %d numbers", shape)
			}
			for _, c := range model.tables {
				if err := monotone(c.Rows); err != nil {
					t.Error(err)
				}
			}
		}
		for _, role := range []Role{RoleDetector, RoleLandmarks, RoleRecogniser} {
			if m.Model(role) == nil {
				t.Errorf("no %s", role)
			}
		}
	})
}

func monotone(rows []CalibrationRow) error {
	if len(rows) < 2 {
		return fmt.Errorf("only rows %v", rows)
	}
	for i, r := range rows[1:] {
		if !(r.Score > rows[i].Score && r.FMR < rows[i].FMR && r.FMR > 0) {
			return fmt.Errorf("row %v after %v", r, rows[i])
		}
	}
	return nil
}

func writeFile(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
