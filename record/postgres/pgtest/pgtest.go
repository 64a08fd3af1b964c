// Package pgtest starts a PostgreSQL server for tests, in a directory of its own that goes when the test ends. The binaries
// are those of the system (Debian: package postgresql). A test never goes without: when they are missing it fails.
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the connection that makes databases
)

// Start starts a server and gives the URL of an empty database on it. A crash of the machine may damage its data.
func Start(tb testing.TB) string { return StartServer(tb).Database(tb) }

// Server is a running server.
type Server struct {
	directory string
	databases atomic.Int64
}

// StartServer starts a server that ends with the test. Settings are of the form "name=value"; without any, nothing is
// forced to the disk: fast, but "fsync=on", "full_page_writes=on" is what production has.
func StartServer(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	bin := binaries(tb)
	directory, err := os.MkdirTemp("", "pg")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(directory) })
	as := account(tb, directory)

	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(directory, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, directory
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}

	log, err := os.Create(filepath.Join(directory, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	defer log.Close()
	// Sockets in the directory only: no port to be found, nobody else to connect.
	args := []string{"-D", filepath.Join(directory, "data"), "-k", directory, "-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "timezone=UTC"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), args...)
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = as, directory, log, log
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		server.Process.Signal(syscall.SIGQUIT) // at once: nothing of it is needed any more
		server.Wait()
	})
	s := &Server{directory: directory}
	s.wait(tb)
	return s
}

// Database makes an empty database and gives its URL.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test" + strconv.FormatInt(s.databases.Add(1), 10)
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		tb.Fatal(err)
	}
	return s.url(name)
}

// Directory is where the server keeps its data, its log and everything else.
func (s *Server) Directory() string { return s.directory }

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", database, s.directory)
}

func (s *Server) wait(tb testing.TB) {
	tb.Helper()
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return
		}
		if ctx.Err() != nil {
			out, _ := os.ReadFile(filepath.Join(s.directory, "log"))
			tb.Fatalf("the PostgreSQL server does not answer: %v\n%s", err, out)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// binaries finds the server's programs: on the PATH, or where Debian keeps the newest version.
func binaries(tb testing.TB) string {
	tb.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	newest, version := "", 0
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, path := range found {
		n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && n > version {
			newest, version = filepath.Dir(path), n
		}
	}
	if version < 15 {
		tb.Fatal("PostgreSQL 15 or newer is not installed. On Debian: apt-get install postgresql")
	}
	return newest
}

// account gives who the server runs as, which is never root, and makes them the owner of the directory.
func account(tb testing.TB, directory string) *syscall.SysProcAttr {
	tb.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	postgres, err := user.Lookup("postgres")
	if err != nil {
		tb.Fatal("PostgreSQL does not run as root, and there is no user postgres. On Debian: apt-get install postgresql")
	}
	uid, err := strconv.ParseUint(postgres.Uid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.ParseUint(postgres.Gid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.Chown(directory, int(uid), int(gid)); err != nil {
		tb.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}
