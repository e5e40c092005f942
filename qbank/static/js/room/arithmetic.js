// Arithmetic for the calculator: a small parser of its own. Pure.
//
//   sum     = product (("+" | "-") product)*
//   product = signed (("*" | "/") signed | value-in-brackets)*      "2(3)" is 2 * (3)
//   signed  = ("-" | "+")* percent
//   percent = value "%"*                                            "50%" is 0.5
//   value   = number | "ans" | "sqrt" percent | "(" sum ")"

const LONGEST = 200;
const SAME = { "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "√": "sqrt" };
const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|(sqrt|ans)|([-+*/()%]))/iy;

/** What cannot be computed; the message says why. */
export class SumError extends Error {}

function tokens(text) {
  const plain = text.replace(/[×·÷−–√]/g, (sign) => SAME[sign]).trim();
  if (plain.length > LONGEST) throw new SumError(`At most ${LONGEST} characters.`);
  if (/\d,\d/.test(plain)) throw new SumError("Write a point for decimals, and no commas.");
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < plain.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(plain);
    if (!match) throw new SumError(`“${plain.slice(at).trim()[0]}” is not understood.`);
    found.push(match[1] ? Number(match[1]) : (match[2] ?? match[3]).toLowerCase());
  }
  return found;
}

class Parser {
  constructor(list, last) {
    this.list = list;
    this.last = last;
    this.at = 0;
  }

  get next() {
    return this.list[this.at];
  }

  take(...wanted) {
    if (!wanted.includes(this.next)) return null;
    this.at += 1;
    return this.list[this.at - 1];
  }

  sum() {
    let value = this.product();
    for (let sign = this.take("+", "-"); sign; sign = this.take("+", "-")) {
      const other = this.product();
      value = sign === "+" ? value + other : value - other;
    }
    return value;
  }

  product() {
    let value = this.signed();
    for (;;) {
      const sign = this.take("*", "/");
      if (sign === "*" || (!sign && ["(", "sqrt", "ans"].includes(this.next))) value *= this.signed();
      else if (sign === "/") value = this.over(value, this.signed());
      else return value;
    }
  }

  over(value, divisor) {
    if (divisor === 0) throw new SumError("Nothing can be divided by 0.");
    return value / divisor;
  }

  signed() {
    let sign = 1;
    for (let found = this.take("+", "-"); found; found = this.take("+", "-")) if (found === "-") sign = -sign;
    return sign * this.percent();
  }

  percent() {
    let value = this.value();
    while (this.take("%")) value /= 100;
    return value;
  }

  value() {
    if (typeof this.next === "number") return this.list[this.at++];
    if (this.take("ans")) {
      if (this.last === null) throw new SumError("There is no last result yet.");
      return this.last;
    }
    if (this.take("sqrt")) {
      const value = this.percent();
      if (value < 0) throw new SumError("A negative number has no square root.");
      return Math.sqrt(value);
    }
    if (this.take("(")) {
      const value = this.sum();
      if (!this.take(")")) throw new SumError("A bracket is not closed.");
      return value;
    }
    throw new SumError(this.next === undefined ? "The sum is not finished." : `“${this.next}” is in the wrong place.`);
  }
}

/** Return the value of a sum such as "2 × (3 + 4) ÷ ans". Throws SumError. */
export function compute(text, last = null) {
  const list = tokens(text);
  if (list.length === 0) throw new SumError("Type a sum.");
  const parser = new Parser(list, last);
  const value = parser.sum();
  if (parser.next !== undefined) throw new SumError(`“${parser.next}” is in the wrong place.`);
  if (!Number.isFinite(value)) throw new SumError("The result is too large.");
  return value;
}

/** Write a result: 12 figures, without the noise of binary fractions (0.1 + 0.2 is 0.3). */
export function shown(value) {
  return String(Number(value.toPrecision(12)) + 0).replace(/-/g, "−");
}
