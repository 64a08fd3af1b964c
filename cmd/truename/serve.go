package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime"

	"truename/httpapi"
	"truename/web"
)

type serveCommand struct {
	engineFlags
	Listen    string  `help:"Address and port; port 0 picks a free one." default:"127.0.0.1:8080"`
	TargetFMR float64 `name:"target-fmr" help:"False-match rate that is accepted unless a request asks for another." default:"1e-4"`
	Workers   int     `help:"Verifications at once (default: ${cores}, the number of cores)."`
	Queue     int     `help:"Requests that may wait; one more is answered 503 with Retry-After." default:"8"`
}
