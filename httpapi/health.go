package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"truename"
)

// Health is the answer of a probe that succeeds.
type Health struct {
	Status string `json:"status" enum:"ok" doc:"always ok; whatever else is a problem document"`
}

type healthOutput struct{ Body Health }

func (a *API) registerHealth(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: []string{tagServer},
		Summary:     "Is the process alive?",
		Description: "Answers as long as the process can answer at all. Restart it when this fails.",
		Responses: problemResponses(api.OpenAPI().Components.Schemas,
			map[string]*huma.Response{"200": {Description: "The process is alive."}}, truename.CodeInvalidRequest),
		Extensions: shell("curl -fsS $TRUENAME/healthz"),
	}, func(context.Context, *struct{}) (*healthOutput, error) {
		return &healthOutput{Health{"ok"}}, nil
	})
	huma.Register(api, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{tagServer},
		Summary:     "Can it verify?",
		Description: "Answers 200 when the engine is loaded, and 503 before that, when it cannot work, and while the server shuts down. Send requests elsewhere when this fails. A full queue does not make it fail.",
		Responses: problemResponses(api.OpenAPI().Components.Schemas,
			map[string]*huma.Response{"200": {Description: "Verifications can be done."}},
			truename.CodeInvalidRequest, truename.CodeEngineFailure, truename.CodeModelPack, truename.CodeRuntime, CodeShuttingDown),
		Extensions: shell("curl -fsS $TRUENAME/readyz"),
	}, func(ctx context.Context, _ *struct{}) (*healthOutput, error) {
		if err := a.ready(ctx); err != nil {
			return nil, a.problem(ctx, err)
		}
		return &healthOutput{Health{"ok"}}, nil
	})
}

func (a *API) ready(ctx context.Context) error {
	if a.draining.Load() {
		return &truename.Error{Kind: truename.KindUnavailable, Code: CodeShuttingDown, Detail: "The server is shutting down."}
	}
	if a.config.Ready == nil {
		return nil
	}
	return a.config.Ready(ctx)
}

// Drain makes /readyz answer 503 from now on. Other requests are still answered. [Serve] calls it.
func (a *API) Drain() { a.draining.Store(true) }
