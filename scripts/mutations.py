"""What can be taken away from one source file, and its text with all of that behind switches.

What it takes away, of the functions of a file, tests and constant functions left out:

  drops     a statement: a check (`…?;`), or an effect (a call or an assignment for its own sake)
  never     the condition of an `if` or of a match arm never holds: of a guard, its refusal is gone
  always    it always holds (not where it also binds something)
  without   one operand of `&&` or `||` no longer counts
  accepts   one closure of filter, all, any, is_some_and, … lets everything through (of `any`: nothing)
  bound     `<` is `<=`, `>` is `>=`, and the other way round
  answers   the whole function answers Ok(()), None, true or false at once
"""

import re

import tree_sitter
import tree_sitter_rust

LETTING = {"filter", "all", "is_some_and", "is_ok_and", "is_none_or", "take_while", "skip_while", "retain"}
COMPARED = {"<": ("({} < {} || (@ && {} == {}))"), ">": ("({} > {} || (@ && {} == {}))"),
            "<=": ("({} <= {} && !(@ && {} == {}))"), ">=": ("({} >= {} && !(@ && {} == {}))")}


class File:
    """One source file: its mutants, and its text with all of them in it."""

    def __init__(self, crate, path):
        self.path, self.name = path, path.relative_to(crate / "src").as_posix()
        self.source = path.read_bytes()
        self.found = []  # (start, end, before, after, what, where)
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
        self.walk(parser.parse(self.source).root_node, [])

    def text(self, node):
        return self.source[node.start_byte:node.end_byte].decode()

    def short(self, node):
        return re.sub(r"\s+", " ", self.text(node)).replace("|", "¦").replace("`", "'")[:90]

    def add(self, node, kind, before, after, where, shown=None):
        self.found.append((node.start_byte, node.end_byte, before, after, f"{kind} {self.short(shown or node)}".replace("|", "¦"), where))

    def walk(self, node, where):
        if node.type == "attribute_item" or node.type == "macro_invocation" or node.type == "macro_definition":
            return
        if node.type in ("const_item", "static_item"):
            return
        if node.type == "mod_item" and self.text(node.child_by_field_name("name")) == "tests":
            return
        if node.type == "impl_item":
            trait = node.child_by_field_name("trait")
            if trait is not None and self.text(trait).split("::")[-1].split("<")[0] in ("Debug", "Display", "Deref", "Drop"):
                return
            where = [self.text(node.child_by_field_name("type")).split("<")[0]]
        if node.type == "function_item":
            modifiers = [child for child in node.children if child.type == "function_modifiers"]
            if any("const" in self.text(one) for one in modifiers):
                return
            where = [*where, self.text(node.child_by_field_name("name"))]
            self.answers(node, "::".join(where))
        if where:
            self.mutants(node, "::".join(where))
        for child in node.children:
            self.walk(child, where)

    def answers(self, node, where):
        result, body = node.child_by_field_name("return_type"), node.child_by_field_name("body")
        if result is None:
            return
        result = self.text(result)
        given = ["Ok(())"] if result.startswith("Result<(),") else ["None"] if result.startswith("Option<") else \
            ["true", "false"] if result == "bool" else []
        for answer in given:
            if self.text(body)[1:-1].strip() == answer:
                continue
            start = body.start_byte + 1
            # The gap behind the brace: an insertion, before anything else that begins there.
            self.found.append((start, start, f" if @ {{ return {answer}; }}", "", f"answers {answer}", where))

    def mutants(self, node, where):
        if node.type == "expression_statement":
            inner = node.children[0]
            if inner.type in ("try_expression", "call_expression", "assignment_expression", "compound_assignment_expr") \
                    and self.text(node).endswith(";"):
                self.add(node, "drops", "if !@ { ", " }", where)
        elif node.type == "if_expression":
            condition, block = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
            binds = condition.type in ("let_condition", "let_chain")
            self.never(condition, binds, where)
            leaves = node.child_by_field_name("alternative") is None and re.search(
                r"(return\b[^;]*;?|continue;|break;)\s*}$", self.text(block))
            if not binds and not leaves:
                self.add(condition, "always", "@ || (", ")", where)
        elif node.type == "match_pattern" and node.child_by_field_name("condition") is not None:
            condition = node.child_by_field_name("condition")
            self.never(condition, False, where)
            self.add(condition, "always", "@ || (", ")", where)
        elif node.type == "binary_expression":
            left, operator, right = (node.child_by_field_name(name) for name in ("left", "operator", "right"))
            operator = self.text(operator)
            if operator in ("&&", "||"):
                for operand in (left, right):
                    same = operand.type == "binary_expression" and \
                        self.text(operand.child_by_field_name("operator")) == operator
                    if not same:
                        self.without(operand, operator, where)
            elif operator in COMPARED:
                sides = [self.text(left), self.text(right)]
                wrapped = COMPARED[operator].format("\0", "\0", *sides)
                before, between, after = wrapped.split("\0")
                assert between == f" {operator} "
                self.add(node, "bound", before, after, where)
        elif node.type == "let_chain":
            for operand in node.named_children:
                if operand.type != "let_condition":
                    self.without(operand, "&&", where)
        elif node.type == "call_expression":
            called, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if called.type == "field_expression" and given.named_child_count >= 1:
                method, closure = self.text(called.child_by_field_name("field")), given.named_children[-1]
                if closure.type == "closure_expression":
                    body = closure.child_by_field_name("body")
                    if method in LETTING:
                        self.add(body, f"accepts .{method}", "@ || (", ")", where)
                    elif method == "any":
                        self.add(body, "accepts .any", "!@ && (", ")", where)

    def never(self, condition, binds, where):
        self.add(condition, "never", "!@ && " if binds else "!@ && (", "" if binds else ")", where)

    def without(self, operand, operator, where):
        self.add(operand, f"without {operator}", "(@ || (" if operator == "&&" else "(!@ && (", "))", where)

    def mutated(self, numbers):
        """The text, with those mutants that have a number: `numbers` is by their place in `found`."""
        points = []
        for at, (start, end, before, after, *_) in enumerate(self.found):
            number = numbers.get(at)
            if number is None:
                continue
            on = f"crate::mutant::on({number})"
            # At one place: what ends there first, inner before outer; then what begins there, outer before inner.
            if after:
                points.append(((end, 0, -start, -at), after.replace("@", on)))
            points.append(((start, 1, -end if end > start else -10**9, at), before.replace("@", on)))
        pieces, last = [], 0
        for (position, *_), text in sorted(points):
            pieces += [self.source[last:position], text.encode()]
            last = position
        return b"".join([*pieces, self.source[last:]])

    def names(self):
        """A stable name for each mutant: where it is and what it does, and which of several alike."""
        seen, named = {}, []
        for *_, what, where in self.found:
            name = f"{self.name} {where}: {what}"
            seen[name] = seen.get(name, 0) + 1
            named.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
        return named
