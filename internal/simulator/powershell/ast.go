package powershell

// The nodes of a script. Expressions have a value; statements write to the
// pipeline.
type (
	// literal is a number, or a string in single quotes.
	literal struct{ value any }
	// expandable is a string in double quotes: texts, variables and subexpressions.
	expandable struct{ parts []any }
	// variable is $name or $script:name.
	variable struct{ scope, name string }
	// member is target.name.
	member struct {
		target any
		name   string
	}
	// staticMember is [type]::name.
	staticMember struct{ typeName, name string }
	// call is target.name(arguments) or [type]::name(arguments).
	call struct {
		target    any // nil for static calls
		typeName  string
		name      string
		arguments []any
	}
	// index is target[key].
	index struct{ target, key any }
	// cast is [type] operand.
	cast struct {
		typeName string
		operand  any
	}
	// unary is -not operand.
	unary struct{ operand any }
	// operation is left operator right, the operator in lower case without its dash.
	operation struct {
		operator    string
		left, right any
	}
	// subexpression is $( … ).
	subexpression struct{ body []any }
	// list is a, b, ….
	list struct{ elements []any }
	// array is @( … ).
	array struct{ body []any }
	// hashtable is @{ … }, ordered behind [ordered].
	hashtable struct {
		keys, values []any
		ordered      bool
	}
	// block is { … } as a value.
	block struct{ function *function }
	// paren is ( … ): the output of a statement as a value.
	paren struct{ statement any }

	// command is a call of a cmdlet or a function, by name or with &.
	command struct {
		name      any
		arguments []argument
	}
	// assignment is target = value or target += value.
	assignment struct {
		target any
		add    bool
		value  any
	}
	// branch is one condition of an if with its body.
	branch struct {
		condition any
		body      []any
	}
	conditional struct {
		branches  []branch
		otherwise []any
	}
	loop struct {
		name string
		over any
		body []any
	}
	handler struct {
		types []string // none catches all
		body  []any
	}
	attempt struct {
		body     []any
		handlers []handler
		finally  []any
	}
	definition struct {
		name     string
		function *function
	}
	leave struct{ value any }      // return
	throw struct{ value any }      // throw
	exit  struct{ value any }      // exit
	write struct{ expression any } // an expression as a statement
)

// argument is one of a command's: a value, a parameter, or a splatted hashtable.
type argument struct {
	parameter string // without its dash; empty for a value by position
	value     any    // nil for a parameter without one
	splat     string // name of the variable behind @
}

// function is a function or a script block.
type function struct {
	parameters []parameter
	body       []any
}

// parameter is one of a function's.
type parameter struct{ name, typeName string }
