package powershell

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// compare carries out an operator of comparison. Of an array, those elements are
// returned that it holds for.
func (f *frame) compare(operator string, left, right any) (any, error) {
	switch bare, _ := bareOperator(operator); bare {
	case "contains", "notcontains", "in", "notin":
		return f.containment(operator, left, right)
	case "split":
		return f.split(operator, left, Text(right))
	case "replace":
		return f.replace(operator, left, right)
	}
	all, several := elementsOf(left)
	if !several {
		return f.compareOne(operator, left, right)
	}
	matching := []any{}
	for _, element := range all {
		holds, err := f.compareOne(operator, element, right)
		if err != nil {
			return nil, err
		}
		if holds {
			matching = append(matching, element)
		}
	}
	return matching, nil
}

// bareOperator takes the sign for case from an operator.
func bareOperator(operator string) (bare string, caseSensitive bool) {
	for _, sign := range []string{"c", "i"} {
		if rest, ok := strings.CutPrefix(operator, sign); ok && binaryOperators[rest] == comparing {
			return rest, sign == "c"
		}
	}
	return operator, false
}

func (f *frame) containment(operator string, left, right any) (any, error) {
	bare, sensitive := bareOperator(operator)
	if strings.HasSuffix(bare, "in") {
		left, right = right, left
	}
	equal := "eq"
	if sensitive {
		equal = "ceq"
	}
	for _, element := range elements(left) {
		holds, err := f.compareOne(equal, element, right)
		if err != nil {
			return nil, err
		}
		if holds {
			return !strings.HasPrefix(bare, "not"), nil
		}
	}
	return strings.HasPrefix(bare, "not"), nil
}

// compareOne compares single values: the right one becomes what the left one is.
func (f *frame) compareOne(operator string, left, right any) (bool, error) {
	bare, sensitive := bareOperator(operator)
	switch bare {
	case "like", "notlike":
		matches, err := matchWildcard(Text(left), Text(right), sensitive)
		return matches == (bare == "like"), err
	case "match", "notmatch":
		pattern, err := compilePattern(Text(right), sensitive)
		if err != nil {
			return false, err
		}
		return pattern.MatchString(Text(left)) == (bare == "match"), nil
	}
	order, ordered, err := f.order(left, right, sensitive)
	if err != nil {
		return false, err
	}
	switch bare {
	case "eq":
		return ordered && order == 0, nil
	case "ne":
		return !ordered || order != 0, nil
	}
	if !ordered {
		return false, &Error{
			Message: fmt.Sprintf(`Cannot compare "%s" because it is not IComparable.`, Text(left)), ID: "NotIcomparable", Category: "InvalidOperation",
		}
	}
	return holds(bare, order), nil
}

func holds(operator string, order int) bool {
	switch operator {
	case "gt":
		return order > 0
	case "lt":
		return order < 0
	case "ge":
		return order >= 0
	}
	return order <= 0
}

// order compares two values. What cannot be compared is different.
func (f *frame) order(left, right any, sensitive bool) (order int, ordered bool, err error) {
	if left == nil || right == nil {
		return nullOrder(left, right), true, nil
	}
	switch l := left.(type) {
	case int64, float64:
		r, err := toNumber(f, right)
		if err != nil {
			return 0, false, nil //nolint:nilerr // what is no number differs from one
		}
		a, _ := toDouble(l)
		b, _ := toDouble(r)
		x, _ := a.(float64)
		y, _ := b.(float64)
		return compareFloats(x, y), true, nil
	case bool:
		if l == truth(right) {
			return 0, true, nil
		}
		return 1, true, nil
	case time.Time:
		r, err := toDateTime(right)
		if err != nil {
			return 0, false, err
		}
		t, _ := r.(time.Time)
		return l.Compare(t), true, nil
	case versionObject:
		r, err := toVersion(right)
		if err != nil {
			return 0, false, err
		}
		v, _ := r.(versionObject)
		return slices.Compare(l.parts(), v.parts()), true, nil
	case GUID:
		r, err := f.toGUID(right)
		if err != nil {
			return 0, false, nil //nolint:nilerr // what is no GUID differs from one
		}
		id, _ := r.(GUID)
		return strings.Compare(string(l), string(id)), true, nil
	case *Object, *function, *SecureString:
		return 1, left == right, nil
	}
	a, b := seen(Text(left)), seen(Text(right))
	if !sensitive {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return strings.Compare(a, b), true, nil
}

// seen leaves out characters that nobody sees: PowerShell compares as languages
// do, for which they do not count.
func seen(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 0 || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
}

func nullOrder(left, right any) int {
	switch {
	case left == nil && right == nil:
		return 0
	case left == nil:
		return -1
	}
	return 1
}

func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// toNumber makes an integer or a floating-point number of a value.
func toNumber(f *frame, value any) (any, error) {
	switch v := value.(type) {
	case float64, int64:
		return v, nil
	case string:
		if n, ok := parseNumber(strings.TrimSpace(v)); ok {
			return n, nil
		}
		if strings.TrimSpace(v) != "" {
			return f.convert(v, "int") // fails as it should
		}
	}
	return f.convert(value, "long")
}

// arithmetic carries out + - * / and %.
func (f *frame) arithmetic(operator string, left, right any) (any, error) {
	switch l := left.(type) {
	case nil:
		if operator == "+" {
			return right, nil
		}
		left = int64(0)
	case string:
		return f.textArithmetic(operator, l, right)
	case Char:
		return f.textArithmetic(operator, Text(l), right)
	case *Object:
		return merge(operator, l, right)
	case GUID, bool, *function, time.Time, *SecureString:
		return nil, noOperator(operator, left)
	}
	if all, several := elementsOf(left); several {
		return f.arrayArithmetic(operator, all, right)
	}
	a, err := toNumber(f, left)
	if err != nil {
		return nil, err
	}
	b, err := toNumber(f, right)
	if err != nil {
		return nil, err
	}
	x, isInteger := a.(int64)
	y, bothIntegers := b.(int64)
	if isInteger && bothIntegers {
		return integers(operator, x, y)
	}
	dx, _ := toDouble(a)
	dy, _ := toDouble(b)
	u, _ := dx.(float64)
	v, _ := dy.(float64)
	return floats(operator, u, v), nil
}

func noOperator(operator string, left any) *Error {
	method := map[string]string{"+": "op_Addition", "-": "op_Subtraction", "*": "op_Multiply", "/": "op_Division", "%": "op_Modulus"}[operator]
	return &Error{
		Message: "Method invocation failed because [" + typeOf(left) + "] does not contain a method named '" + method + "'.",
		ID:      "MethodNotFound", Category: "InvalidOperation",
	}
}

func (f *frame) textArithmetic(operator, left string, right any) (any, error) {
	switch operator {
	case "+":
		return left + Text(right), nil
	case "*":
		times, err := f.convert(right, "int")
		if err != nil {
			return nil, err
		}
		n, _ := times.(int64)
		return strings.Repeat(left, max(0, int(n))), nil
	}
	number, err := toNumber(f, left)
	if err != nil {
		return nil, err
	}
	return f.arithmetic(operator, number, right)
}

func (f *frame) arrayArithmetic(operator string, left []any, right any) (any, error) {
	switch operator {
	case "+":
		sum := slices.Clone(left)
		if more, several := elementsOf(right); several {
			return append(sum, more...), nil
		}
		return append(sum, right), nil
	case "*":
		times, err := f.convert(right, "int")
		if err != nil {
			return nil, err
		}
		n, _ := times.(int64)
		return slices.Repeat(left, max(0, int(n))), nil
	}
	return nil, noOperator(operator, left)
}

// merge adds two hashtables.
func merge(operator string, left *Object, right any) (any, error) {
	other, ok := right.(*Object)
	if !ok || operator != "+" || !left.Hashtable || !other.Hashtable {
		return nil, noOperator(operator, left)
	}
	sum := newHashtable()
	for _, table := range []*Object{left, other} {
		for _, name := range table.names {
			if sum.Has(name) {
				return nil, &Error{
					Message: fmt.Sprintf("Item has already been added. Key in dictionary: '%s'  Key being added: '%s'", name, name),
					ID:      argumentError, Type: argumentError,
				}
			}
			sum.Set(name, table.Get(name))
		}
	}
	return sum, nil
}

func integers(operator string, x, y int64) (any, error) {
	switch operator {
	case "+":
		if sum := x + y; (sum > x) == (y > 0) {
			return sum, nil
		}
	case "-":
		if difference := x - y; (difference < x) == (y > 0) {
			return difference, nil
		}
	case "*":
		if product := x * y; x == 0 || product/x == y {
			return product, nil
		}
	default:
		if y == 0 {
			return nil, &Error{
				Message: "Attempted to divide by zero.", ID: "RuntimeException", Type: runtimeException,
				Inner: &Error{Message: "Attempted to divide by zero.", Type: "System.DivideByZeroException"},
			}
		}
		if operator == "%" {
			return x % y, nil
		}
		if x%y == 0 {
			return x / y, nil
		}
	}
	return floats(operator, float64(x), float64(y)), nil
}

func floats(operator string, x, y float64) float64 {
	switch operator {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	}
	return math.Mod(x, y)
}

func (f *frame) bits(operator string, left, right any) (any, error) {
	a, err := f.convert(left, "long")
	if err != nil {
		return nil, err
	}
	b, err := f.convert(right, "long")
	if err != nil {
		return nil, err
	}
	x, _ := a.(int64)
	y, _ := b.(int64)
	switch operator {
	case "band":
		return x & y, nil
	case "bor":
		return x | y, nil
	}
	return x ^ y, nil
}

// maxInterval is how many numbers an interval may have here.
const maxInterval = 1 << 20

// interval carries out from..to.
func (f *frame) interval(from, to any) (any, error) {
	a, err := f.convert(from, "int")
	if err != nil {
		return nil, err
	}
	b, err := f.convert(to, "int")
	if err != nil {
		return nil, err
	}
	x, _ := a.(int64)
	y, _ := b.(int64)
	step := int64(1)
	if y < x {
		step = -1
	}
	if (y-x)*step >= maxInterval {
		return nil, notSupported("intervals of more than a million numbers")
	}
	all := []any{}
	for ; x != y+step; x += step {
		all = append(all, x)
	}
	return all, nil
}

func (f *frame) join(left any, separator string) (any, error) {
	texts := []string{}
	for _, element := range elements(left) {
		texts = append(texts, Text(element))
	}
	return strings.Join(texts, separator), nil
}

func compilePattern(pattern string, sensitive bool) (*regexp.Regexp, error) {
	if !sensitive {
		pattern = "(?i)" + pattern
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, notSupported("this pattern: %s", err)
	}
	return compiled, nil
}

// matchWildcard tells whether a text is like a pattern of * and ?.
func matchWildcard(text, pattern string, sensitive bool) (bool, error) {
	if strings.ContainsAny(pattern, "[]`") {
		return false, notSupported("brackets in wildcards")
	}
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
	compiled, err := compilePattern(`(?s)^`+quoted+`$`, sensitive)
	if err != nil {
		return false, err
	}
	return compiled.MatchString(text), nil
}

func (f *frame) split(operator string, left any, separator string) (any, error) {
	_, sensitive := bareOperator(operator)
	pattern, err := compilePattern(separator, sensitive)
	if err != nil {
		return nil, err
	}
	parts := []any{}
	for _, element := range elements(left) {
		for _, part := range pattern.Split(Text(element), -1) {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

func (f *frame) replace(operator string, left, right any) (any, error) {
	_, sensitive := bareOperator(operator)
	arguments := elements(right)
	if len(arguments) == 0 || len(arguments) > 2 {
		return nil, &Error{Message: "The -replace operator allows only two elements to follow it.", ID: "BadReplaceArgument", Category: "InvalidOperation"}
	}
	pattern, err := compilePattern(Text(arguments[0]), sensitive)
	if err != nil {
		return nil, err
	}
	with := Text(argumentAt(arguments, 1))
	one := func(value any) any { return pattern.ReplaceAllString(Text(value), with) }
	all, several := elementsOf(left)
	if !several {
		return one(left), nil
	}
	replaced := make([]any, len(all))
	for i, element := range all {
		replaced[i] = one(element)
	}
	return replaced, nil
}

var placeholder = regexp.MustCompile(`\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}`)

// format carries out -f.
func (f *frame) format(text string, arguments []any) (any, error) {
	var failure error
	formatted := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		if found == "{{" || found == "}}" {
			return found[:1]
		}
		parts := placeholder.FindStringSubmatch(found)
		i, _ := strconv.Atoi(parts[1])
		if i >= len(arguments) {
			failure = &Error{
				Message: "Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the size of the argument list..",
				ID:      "FormatError", Category: "InvalidOperation",
			}
			return ""
		}
		shown, err := formatValue(arguments[i], parts[3])
		if err != nil {
			failure = err
		}
		width, _ := strconv.Atoi(parts[2])
		return fmt.Sprintf("%*s", width, shown)
	})
	return formatted, failure
}

// formatValue writes a value in one of the formats of .NET.
func formatValue(value any, format string) (string, error) {
	switch v := value.(type) {
	case int64:
		if width, err := strconv.Atoi(strings.TrimLeft(format, "DdXx")); err == nil || len(format) == 1 {
			switch {
			case strings.HasPrefix(format, "D"), strings.HasPrefix(format, "d"):
				return fmt.Sprintf("%0*d", width, v), nil
			case strings.HasPrefix(format, "X"):
				return fmt.Sprintf("%0*X", width, v), nil
			case strings.HasPrefix(format, "x"):
				return fmt.Sprintf("%0*x", width, v), nil
			}
		}
	case time.Time:
		if format != "" {
			return formatTime(v, format)
		}
	}
	if format != "" {
		return "", notSupported("the format '%s' of [%s]", format, typeOf(value))
	}
	return Text(value), nil
}

// sortable is the format "s" of .NET.
const sortable = "2006-01-02T15:04:05"

func formatTime(t time.Time, format string) (string, error) {
	zone := "-07:00"
	if t.Location() == time.UTC {
		zone = "Z"
	}
	layouts := map[string]string{
		"s": sortable, "o": "2006-01-02T15:04:05.0000000" + zone, "O": "2006-01-02T15:04:05.0000000" + zone,
		"yyyy-MM-dd": "2006-01-02", "yyyy-MM-ddTHH:mm:ss": sortable, "yyyy-MM-ddTHH:mm:ssZ": "2006-01-02T15:04:05Z",
	}
	layout, ok := layouts[format]
	if !ok {
		return "", notSupported("the format '%s' of [System.DateTime]", format)
	}
	return t.Format(layout), nil
}
