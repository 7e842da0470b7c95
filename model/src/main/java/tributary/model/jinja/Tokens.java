package tributary.model.jinja;

import java.util.ArrayList;
import java.util.List;

/** The words of one tag, read from left to right. */
final class Tokens {
  private static final List<String> SYMBOLS =
      List.of(
          "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")",
          "[", "]", "{", "}", ",", ":", ".", "|");

  private final List<Token> tokens;
  private int next;

  private Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  static Tokens of(String source) {
    List<Token> tokens = new ArrayList<>();
    int at = 0;
    while (at < source.length()) {
      char c = source.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '\'' || c == '"') {
        int end = stringEnd(source, at);
        tokens.add(new Token(Token.Kind.STRING, unescaped(source.substring(at + 1, end))));
        at = end + 1;
      } else if (isDigit(c)) {
        int end = numberEnd(source, at);
        String digits = source.substring(at, end).replace("_", "");
        Token.Kind kind = digits.contains(".") ? Token.Kind.FLOAT : Token.Kind.INTEGER;
        tokens.add(new Token(kind, digits));
        at = end;
      } else if (Character.isJavaIdentifierStart(c) && c != '$') {
        int end = at;
        while (end < source.length()
            && Character.isJavaIdentifierPart(source.charAt(end))
            && source.charAt(end) != '$') {
          end++;
        }
        tokens.add(new Token(Token.Kind.NAME, source.substring(at, end)));
        at = end;
      } else {
        Token symbol = symbol(source, at);
        tokens.add(symbol);
        at += symbol.text().length();
      }
    }
    return new Tokens(tokens);
  }

  Token peek() {
    return peek(0);
  }

  Token peek(int ahead) {
    return next + ahead < tokens.size()
        ? tokens.get(next + ahead)
        : new Token(Token.Kind.END, "the end of the tag");
  }

  Token take() {
    Token token = peek();
    next++;
    return token;
  }

  boolean takeSymbol(String symbol) {
    boolean there = peek().isSymbol(symbol);
    next += there ? 1 : 0;
    return there;
  }

  boolean takeName(String name) {
    boolean there = peek().isName(name);
    next += there ? 1 : 0;
    return there;
  }

  void expectSymbol(String symbol) {
    if (!takeSymbol(symbol)) {
      throw unexpected("'" + symbol + "'");
    }
  }

  String expectName() {
    if (peek().kind() != Token.Kind.NAME) {
      throw unexpected("a name");
    }
    return take().text();
  }

  void expectEnd() {
    if (peek().kind() != Token.Kind.END) {
      throw unexpected("the end of the tag");
    }
  }

  TemplateFault unexpected(String wanted) {
    return new TemplateFault("found '%s' where %s is wanted".formatted(peek().text(), wanted));
  }

  private static Token symbol(String source, int at) {
    for (String symbol : SYMBOLS) {
      if (source.startsWith(symbol, at)) {
        return new Token(Token.Kind.SYMBOL, symbol);
      }
    }
    throw new TemplateFault("has the stray character '%s'".formatted(source.charAt(at)));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int numberEnd(String source, int start) {
    int end = start;
    boolean point = false;
    while (end < source.length()) {
      char c = source.charAt(end);
      boolean fraction =
          c == '.' && !point && end + 1 < source.length() && isDigit(source.charAt(end + 1));
      if (!isDigit(c) && c != '_' && !fraction) {
        break;
      }
      point |= fraction;
      end++;
    }
    return end;
  }

  /** Index of the quote that closes the string opened at {@code start}. */
  static int stringEnd(String source, int start) {
    for (int i = start + 1; i < source.length(); i++) {
      if (source.charAt(i) == '\\') {
        i++;
      } else if (source.charAt(i) == source.charAt(start)) {
        return i;
      }
    }
    throw new TemplateFault("has a string that is not closed");
  }

  private static String unescaped(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c != '\\' || at == text.length()) {
        out.append(c);
        continue;
      }
      char escaped = text.charAt(at++);
      switch (escaped) {
        case 'n' -> out.append('\n');
        case 't' -> out.append('\t');
        case 'r' -> out.append('\r');
        case 'b' -> out.append('\b');
        case 'f' -> out.append('\f');
        case '0' -> out.append('\0');
        case '\\', '\'', '"' -> out.append(escaped);
        case 'u' -> {
          out.append(codeUnit(text, at));
          at += 4;
        }
        default -> out.append('\\').append(escaped);
      }
    }
    return out.toString();
  }

  private static char codeUnit(String text, int at) {
    try {
      return (char) Integer.parseInt(text, at, at + 4, 16);
    } catch (NumberFormatException | IndexOutOfBoundsException malformed) {
      throw new TemplateFault("has a malformed \\u escape");
    }
  }
}
