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
	Workers   int     `help:"Verifications at once; 0 is one for each core." default:"0"`
	Queue     int     `help:"Requests that may wait; one more is answered 503 with Retry-After." default:"8"`
}

func (c serveCommand) Run(ctx context.Context, out output) error {
	limits := httpapi.DefaultLimits()
	limits.Queue = c.Queue
	limits.Workers = c.Workers
	if limits.Workers == 0 {
		limits.Workers = runtime.GOMAXPROCS(0)
	}
	if err := limits.Check(); err != nil {
		return usage("The limits cannot be used.", "Choose other --workers and --queue.", err)
	}
	engine, err := c.open(limits.Workers)
	if err != nil {
		return err
	}
	defer engine.Close()
	page, err := web.Handler()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(out.Err, nil))
	api, err := httpapi.New(httpapi.Config{
		Verifier: engine, Ready: engine.Ready, Page: page, TargetFMR: c.TargetFMR, Limits: limits, Logger: logger,
	})
	if err != nil {
		return usage("The server cannot be set up like this.", "Choose another --target-fmr.", err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return usage("The address cannot be listened on.", "Choose another with --listen.", err)
	}
	fmt.Fprintf(out.Out, "truename is at http://%s (API reference: /docs; stop with Ctrl-C)\n", listener.Addr())
	return httpapi.Serve(ctx, listener, api, logger)
}
