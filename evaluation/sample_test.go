package evaluation

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func TestListSamples(t *testing.T) {
	file := &fstest.MapFile{Data: []byte{}}
	root := fstest.MapFS{
		"Bob/Bob_0002.jpg": file, "Bob/Bob_0001.jpg": file, "Ann/Ann_0001.PNG": file, "Ann/notes.txt": file, "Ann/.hidden.jpg": file,
		"loose.jpg": file, ".thumbs/x_0001.jpg": file, "Ann/deeper/Ann_0002.jpg": file, "Cy/Cy_0001.jpg": {Mode: fs.ModeSymlink},
	}
	got, err := ListSamples(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []Sample{"Ann/Ann_0001.PNG", "Bob/Bob_0001.jpg", "Bob/Bob_0002.jpg"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListSamplesErrors(t *testing.T) {
	folder := t.TempDir()
	for name, root := range map[string]fs.FS{"empty": fstest.MapFS{}, "missing": os.DirFS(folder + "/Ann_Smith")} {
		_, err := ListSamples(root)
		var e *truename.Error
		if !errors.As(err, &e) || e.Kind != truename.KindInvalid || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), folder) {
			t.Errorf("%s: the error carries the path: %v", name, err)
		}
	}
}

func TestSampleNames(t *testing.T) {
	s := NewSample("Ann_Lee", 7)
	if s != "Ann_Lee/Ann_Lee_0007.jpg" || s.Person() != "Ann_Lee" || s.Name() != "Ann_Lee_0007" {
		t.Errorf("%q, %q, %q", s, s.Person(), s.Name())
	}
	if got := NewSample("A", 12345); got != "A/A_12345.jpg" {
		t.Errorf("got %q", got)
	}
}

func TestUnion(t *testing.T) {
	got := Union([]Sample{"b", "a"}, nil, []Sample{"c", "b"})
	if diff := cmp.Diff([]Sample{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
}
