// Package remoting lets clients run commands on a simulated Windows machine from
// elsewhere, as they would on a real one: over SSH, and over WinRM with HTTPS.
package remoting

import (
	"context"
	"crypto/subtle"
	"io"
	"slices"
	"strings"
	"sync"
)

// Run runs a command line, and returns its exit code. When the context ends, it
// is to end too.
type Run func(ctx context.Context, commandLine string, stdin io.Reader, stdout, stderr io.Writer) (exitCode int)

// DefaultUsername and DefaultPassword are the account of servers whose [Options]
// name none.
const (
	DefaultUsername = "svc-terraform"
	DefaultPassword = "simulator"
)

// Options are the knobs of a server.
type Options struct {
	// Listen is the TCP address; "127.0.0.1:0" when empty. It is read at the start only.
	Listen string `json:"-"`
	// Username and Password are the one account; see [DefaultUsername].
	Username string `json:"username"`
	Password string `json:"-"`
	// AuthorizedKey is a public key that may log in over SSH, as a line of
	// authorized_keys.
	AuthorizedKey string `json:"authorizedKey,omitempty"`
	// Methods are the ways to log in: for SSH password, keyboard-interactive and
	// publickey, for WinRM Negotiate and Basic; all when empty.
	Methods []string `json:"methods,omitempty"`
	// Forbidden lets the account log in and run nothing.
	Forbidden bool `json:"forbidden"`
	// Silent accepts connections and never says anything.
	Silent bool `json:"silent"`
	// KeepRunning lets commands go on when their client is gone.
	KeepRunning bool `json:"keepRunning"`
	// Cut closes the connection at a point of each command, after CutAfter commands
	// were left alone, and CutTimes times; always if that is zero.
	Cut      CutPoint `json:"cut"`
	CutAfter int      `json:"cutAfter"`
	CutTimes int      `json:"cutTimes"`
	// TLS is the look of WinRM's certificate. It is read at the start only.
	TLS TLSStyle `json:"tls,omitempty"`
}

// CutPoint is when a connection is cut.
type CutPoint string

// When a connection is cut.
const (
	// CutNever does not cut.
	CutNever CutPoint = ""
	// CutBeforeStart cuts when the command was received and did not start.
	CutBeforeStart CutPoint = "before-start"
	// CutAfterStart cuts when the command has started.
	CutAfterStart CutPoint = "after-start"
	// CutAfterEnd cuts when the command has ended, and its client does not know.
	CutAfterEnd CutPoint = "after-end"
)

// Command is a command that was run.
type Command struct {
	Username string `json:"username"`
	Line     string `json:"line"`
	// ExitCode is -1 while it runs.
	ExitCode int `json:"exitCode"`
}

// common is what SSH and WinRM share.
type common struct {
	run Run

	mu       sync.Mutex
	options  Options
	cuts     int
	commands []Command
	logins   int
	refused  int
	running  map[int]context.CancelFunc
	nextID   int
	work     sync.WaitGroup
}

func newCommon(run Run, options Options) *common {
	if options.Listen == "" {
		options.Listen = "127.0.0.1:0"
	}
	if options.Username == "" {
		options.Username = DefaultUsername
	}
	if options.Password == "" {
		options.Password = DefaultPassword
	}
	return &common{run: run, options: options, running: map[int]context.CancelFunc{}}
}

// Options returns the knobs as they are now.
func (c *common) Options() Options {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.options
}

// Configure turns knobs.
func (c *common) Configure(change func(*Options)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.options)
	c.cuts = 0
}

// Commands are the commands so far.
func (c *common) Commands() []Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.commands)
}

// Logins are how many logins succeeded and were refused.
func (c *common) Logins() (accepted, refused int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.logins, c.refused
}

// offers tells whether there is a way to log in.
func (o Options) offers(method string) bool {
	return len(o.Methods) == 0 || slices.Contains(o.Methods, method)
}

// is tells whether a name is the account's, with or without a domain.
func (o Options) is(username string) bool {
	_, own, domain := strings.Cut(o.Username, `\`)
	if !domain {
		own = o.Username
	}
	if i := strings.LastIndex(username, `\`); i >= 0 {
		username = username[i+1:]
	}
	return strings.EqualFold(username, own)
}

// login checks a password.
func (c *common) login(username, password string) bool {
	o := c.Options()
	return c.count(o.is(username) && subtle.ConstantTimeCompare([]byte(password), []byte(o.Password)) == 1)
}

func (c *common) count(accepted bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if accepted {
		c.logins++
	} else {
		c.refused++
	}
	return accepted
}

// cutsAt tells whether a connection is to be cut at a point.
func (c *common) cutsAt(point CutPoint) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options.Cut != point {
		return false
	}
	c.cuts++
	return c.cuts > c.options.CutAfter && (c.options.CutTimes == 0 || c.cuts <= c.options.CutAfter+c.options.CutTimes)
}

// execute runs a command. It ends with the context, unless the knobs say that it
// goes on.
func (c *common) execute(ctx context.Context, username, line string, stdin io.Reader, stdout, stderr io.Writer) int {
	if c.Options().KeepRunning {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	id := c.nextID
	c.nextID++
	c.running[id] = cancel
	c.commands = append(c.commands, Command{Username: username, Line: line, ExitCode: -1})
	c.mu.Unlock()
	exitCode := c.run(ctx, line, stdin, stdout, stderr)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, id)
	c.commands[id].ExitCode = exitCode
	return exitCode
}

// kill ends what runs, unless it is to go on; all says that it is in any case.
func (c *common) kill(all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options.KeepRunning && !all {
		return
	}
	for _, cancel := range c.running {
		cancel()
	}
}
