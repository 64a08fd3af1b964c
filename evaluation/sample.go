package evaluation

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"truename"
)

// MaxSamples is the largest number of images one evaluation accepts.
const MaxSamples = 100_000

// Sample identifies an image by its slash-separated path below the data set's directory: NAME/NAME_0001.jpg. The
// folder is the subject's identity.
type Sample string

// NewSample gives the sample for image number of the named person in the LFW layout.
func NewSample(person string, number int) Sample {
	return Sample(fmt.Sprintf("%s/%s_%04d.jpg", person, person, number))
}

// Person gives the identity: the name of the folder.
func (s Sample) Person() string {
	person, _, _ := strings.Cut(string(s), "/")
	return person
}

// Name gives the file name without folder and extension: NAME_0001.
func (s Sample) Name() string {
	base := path.Base(string(s))
	return strings.TrimSuffix(base, path.Ext(base))
}

// ListSamples finds all images in the folders directly below the root, one folder per person, in rising order. A file
// is an image when its extension says so (jpg, jpeg, png, webp, heic). Links are not followed. More than MaxSamples
// images is an error.
func ListSamples(root fs.FS) ([]Sample, error) {
	people, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, unreadable("The image directory cannot be read.", err)
	}
	var samples []Sample
	for _, person := range people {
		if !person.IsDir() || strings.HasPrefix(person.Name(), ".") {
			continue
		}
		files, err := fs.ReadDir(root, person.Name())
		if err != nil {
			return nil, unreadable("A person's image directory cannot be read.", err)
		}
		for _, file := range files {
			if file.Type().IsRegular() && isImage(file.Name()) {
				samples = append(samples, Sample(person.Name()+"/"+file.Name()))
			}
		}
		if len(samples) > MaxSamples {
			return nil, tooMany()
		}
	}
	if len(samples) == 0 {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The image directory holds no images in the layout NAME/NAME_0001.jpg.",
			Remedy: "Give the directory whose folders are the people."}
	}
	slices.Sort(samples)
	return samples, nil
}

// Union merges lists of samples into one sorted list without repetitions: what an evaluation has to acquire.
func Union(lists ...[]Sample) []Sample {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

func isImage(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".webp", ".heic":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

func tooMany() error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
		Detail: fmt.Sprintf("The evaluation has more than %d images.", MaxSamples),
		Remedy: "Evaluate on a part of the data set."}
}

// unreadable keeps only what went wrong: the operating system's message would carry the path, and with it a name.
func unreadable(detail string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail,
		Remedy: "Check that it exists and may be read.", Cause: err}
}
