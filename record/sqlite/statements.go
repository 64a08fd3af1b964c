package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// openDB opens a database whose connections keep their compiled statements. The driver compiles each statement anew, which
// takes as long as running most of them.
func openDB(address string) *sql.DB { return sql.OpenDB(connector(address)) }

// connector makes connections to an address.
type connector string

func (c connector) Driver() driver.Driver { return &sqlite.Driver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(string(c))
	if err != nil {
		return nil, err
	}
	return &connection{sqliteConn: conn.(sqliteConn), byText: map[string]*list.Element{}}, nil
}

// sqliteConn is what the driver's connections can do, without running a statement that was not prepared: so that database/sql
// prepares every statement, and here it is kept.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxStatements is how many compiled statements a connection keeps, the last used ones.
const maxStatements = 256

// connection is a connection and its statements. database/sql uses it from one goroutine at a time.
type connection struct {
	sqliteConn
	byText map[string]*list.Element
	recent list.List // of *statement, the last used first; those in use are not in it
}

// statement is a compiled statement that goes back to its connection when it is closed.
type statement struct {
	driver.Stmt
	text string
	conn *connection
}

func (c *connection) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if kept, there := c.byText[text]; there {
		c.forget(kept)
		return kept.Value.(*statement), nil
	}
	compiled, err := c.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &statement{compiled, text, c}, nil
}

// forget takes a statement out of the keeping: it is in use, or too old.
func (c *connection) forget(e *list.Element) {
	delete(c.byText, e.Value.(*statement).text)
	c.recent.Remove(e)
}

// Close keeps the statement, unless one of the same text is kept already.
func (s *statement) Close() error {
	c := s.conn
	if _, there := c.byText[s.text]; there {
		return s.Stmt.Close()
	}
	c.byText[s.text] = c.recent.PushFront(s)
	if c.recent.Len() <= maxStatements {
		return nil
	}
	oldest := c.recent.Back()
	c.forget(oldest)
	return oldest.Value.(*statement).Stmt.Close()
}

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// Close closes the connection with its statements.
func (c *connection) Close() error {
	for e := c.recent.Front(); e != nil; e = e.Next() {
		_ = e.Value.(*statement).Stmt.Close()
	}
	return c.sqliteConn.Close()
}
