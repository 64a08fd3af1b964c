package httpapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// NewServer gives a server whose connections cannot be held open by a client that sends nothing: header, body, answer
// and idle time are bounded. Verifications set their own limits for body and answer.
func NewServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // it names clients by their address,
	}
}

// Serve answers requests on the listener until the context is done. Then readiness turns to 503, after
// Limits.ShutdownDelay no more connections are accepted, requests that have begun are finished within
// Limits.RequestTimeout, and Serve returns: nil, or an error when serving failed or requests had to be cut off.
// It closes the listener.
func Serve(ctx context.Context, l net.Listener, api *API, logger *slog.Logger) error {
	server := NewServer(l.Addr().String(), api)
	server.ErrorLog = log.New(serverLog{logger}, "", 0)
	l = limitConnections(l, api.limits.Connections)
	if api.config.TLS != nil {
		l = tls.NewListener(l, api.config.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	api.Drain()
	logger.Info("shutting down", "requests_inside", len(api.admission.places))
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-time.After(api.limits.ShutdownDelay):
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), api.limits.RequestTimeout+writeGrace)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil {
		return errors.Join(fmt.Errorf("shut down: %w", err), server.Close())
	}
	return nil
}

// serverLog takes net/http's own messages. They name clients by their address, except for those about the listener.
type serverLog struct{ logger *slog.Logger }

func (s serverLog) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("http: Accept error")) {
		s.logger.Error("cannot accept connections", "cause", string(bytes.TrimSpace(p)))
	}
	return len(p), nil
}

// limitConnections makes a listener that has at most n connections open; more wait in the operating system's queue.
func limitConnections(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: c, places: l.places}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	once   sync.Once
	places chan struct{}
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.places })
	return err
}

// CloseWrite lets net/http end a connection without a reset.
func (c *limitedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
