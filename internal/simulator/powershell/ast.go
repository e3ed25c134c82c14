package powershell

// expression is a node that has a value.
type expression interface {
	// value evaluates the node. What a method that returns nothing returns is void.
	value(f *frame) (any, error)
}

// statement is a node that writes to the pipeline.
type statement interface {
	run(f *frame) error
	// position is where the statement stands.
	position() extent
}

// extent is a part of a script.
type extent struct {
	source     *source
	start, end int
}

func (e extent) position() extent { return e }

// body is a list of statements.
type body []statement

// Expressions.
type (
	// literal is a number, or a string in single quotes.
	literal struct{ constant any }
	// expandable is a string in double quotes: texts, variables and subexpressions.
	expandable struct{ parts []expression }
	// variable is $name or $scope:name.
	variable struct{ scope, name string }
	// member is target.name.
	member struct{ target, name expression }
	// staticMember is [type]::name.
	staticMember struct{ typeName, name string }
	// call is target.name(arguments).
	call struct {
		target, name expression
		arguments    []expression
	}
	// staticCall is [type]::name(arguments).
	staticCall struct {
		typeName, name string
		arguments      []expression
	}
	// index is target[key].
	index struct{ target, key expression }
	// cast is [type] operand.
	cast struct {
		typeName string
		operand  expression
	}
	// typeLiteral is [type] as a value.
	typeLiteral struct{ typeName string }
	// unary is operator operand, the operator in lower case without its dash.
	unary struct {
		operator string
		operand  expression
	}
	// step is ++ or -- before or behind a variable or member.
	step struct {
		target expression
		by     int64
		prefix bool
	}
	// operation is left operator right.
	operation struct {
		operator    string
		left, right expression
	}
	// subexpression is $( … ).
	subexpression struct{ statements body }
	// array is @( … ).
	array struct{ statements body }
	// list is a, b, ….
	list struct{ elements []expression }
	// table is @{ … }, ordered behind [ordered].
	table struct {
		keys    []expression
		values  []statement
		ordered bool
	}
	// block is { … } as a value.
	block struct{ function *function }
	// paren is ( … ): the output of a statement as a value.
	paren struct{ inner statement }
)

// Statements.
type (
	// pipeline is an expression or a command, and the commands that its output
	// goes through.
	pipeline struct {
		extent

		first  expression // nil if a command is first
		stages []*command
	}
	// command is a call of a cmdlet, a function or a script block.
	command struct {
		extent

		name      expression
		arguments []argument
		// dot runs a script block in the scope of the caller.
		dot bool
	}
	// assignment is targets = value, or with += and the like.
	assignment struct {
		extent

		targets  []expression
		operator string // empty for =
		source   statement
	}
	// branch is one condition of an if with its body.
	branch struct {
		condition statement
		body      body
	}
	conditional struct {
		extent

		branches  []branch
		otherwise body
	}
	// foreach is a loop over the elements of a value.
	foreach struct {
		extent

		name string
		over statement
		body body
	}
	// loop is for, while, and do with while or until.
	loop struct {
		extent

		initial, condition, next statement // any may be nil
		body                     body
		// late tests the condition behind the body; until ends when it holds.
		late, until bool
	}
	// choice is one case of a switch; without a condition it is the default.
	choice struct {
		condition expression
		body      body
	}
	selection struct {
		extent

		over statement
		// mode is wildcard, regex or exact.
		mode          string
		caseSensitive bool
		choices       []choice
	}
	handler struct {
		types []string // none catches all
		body  body
	}
	attempt struct {
		extent

		body     body
		handlers []handler
		finally  body
	}
	definition struct {
		extent

		name     string
		function *function
	}
	// leave is return, exit, break or continue.
	leave struct {
		extent

		keyword string
		value   statement // nil if there is none
	}
	throw struct {
		extent

		value statement // nil if there is none
	}
)

// argument is one of a command's: a value, a parameter, or a splatted variable.
type argument struct {
	parameter string // without its dash; empty for a value by position
	value     expression
	// attached tells -name:value from -name value, which may be a switch and a
	// value by position.
	attached bool
	splat    string // name of the variable behind @
}

// function is a function or a script block.
type function struct {
	text       string
	parameters []parameter
	// begin and end run once, process for every object of the pipeline. A function
	// without these blocks has all in end.
	begin, process, end body
	hasBlocks           bool
}

// parameter is one of a function's.
type parameter struct {
	name, typeName string
	mandatory      bool
	fallback       expression // nil if there is none
}
