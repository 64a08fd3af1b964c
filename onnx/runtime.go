package onnx

import (
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"truename"
)

// environment guards ONNX Runtime's own process-wide environment: one library, once per process.
var environment struct {
	sync.Mutex
	library string
}

// Start loads the runtime library, given by its path, and prepares the process-wide environment. Starting again with
// the same path does nothing; another path is an error, as a process can hold one library only.
func Start(library string) error {
	environment.Lock()
	defer environment.Unlock()
	if environment.library == library {
		return nil
	}
	if environment.library != "" {
		return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRuntime,
			Detail: "Another inference library is already loaded.", Remedy: "Restart the process."}
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRuntime,
			Detail: "The inference library cannot be loaded.", Remedy: "Install it with: truename models install", Cause: err}
	}
	environment.library = library
	return nil
}
