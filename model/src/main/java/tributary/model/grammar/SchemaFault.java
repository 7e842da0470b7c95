package tributary.model.grammar;

import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Complaints about a form that was asked for. */
final class SchemaFault {
  private SchemaFault() {}

  /** The form cannot be kept to. */
  static TributaryException of(String message) {
    return new TributaryException(ErrorCode.UNSUPPORTED_SCHEMA, message, "response_format");
  }

  /** A part of JSON Schema that is not kept to, at a place in the schema. */
  static TributaryException unsupported(String path, String what) {
    return of(
        "the schema at %s uses %s, which this server cannot keep to; leave it out"
            .formatted(path.isEmpty() ? "#" : path, what));
  }

  /** Nothing can match. */
  static TributaryException impossible(String path, String why) {
    return of("the schema at %s can match nothing: %s".formatted(path.isEmpty() ? "#" : path, why));
  }

  static TributaryException malformed(String path, String what) {
    return of("the schema at %s: %s".formatted(path.isEmpty() ? "#" : path, what));
  }
}
