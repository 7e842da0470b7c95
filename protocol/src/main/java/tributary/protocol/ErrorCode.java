package tributary.protocol;

import java.util.Locale;

/** Stable names of everything that can be wrong; scripts and clients may rely on them. */
public enum ErrorCode {
  // What a caller asked.
  INVALID_REQUEST(400, "invalid_request_error"),
  INVALID_PARAMETER(400, "invalid_request_error"),
  INVALID_JSON(400, "invalid_request_error"),
  INVALID_NAME(400, "invalid_request_error"),
  CONTEXT_LENGTH_EXCEEDED(400, "invalid_request_error"),
  UNSUPPORTED_PARAMETER(400, "invalid_request_error"),
  UNSUPPORTED_SCHEMA(400, "invalid_request_error"),
  INVALID_API_KEY(401, "authentication_error"),
  PERMISSION_DENIED(403, "permission_error"),
  MODEL_NOT_FOUND(404, "invalid_request_error"),
  ROUTE_NOT_FOUND(404, "invalid_request_error"),
  METHOD_NOT_ALLOWED(405, "invalid_request_error"),
  BODY_TOO_LARGE(413, "invalid_request_error"),
  UNSUPPORTED_MEDIA_TYPE(415, "invalid_request_error"),
  RATE_LIMIT_EXCEEDED(429, "rate_limit_error"),
  QUOTA_EXCEEDED(429, "rate_limit_error"),
  QUEUE_FULL(429, "rate_limit_error"),

  // What the server could not do.
  INTERNAL(500, "server_error"),
  LEDGER_UNAVAILABLE(503, "server_error"),
  SHUTTING_DOWN(503, "server_error"),
  DELTA_UNAVAILABLE(503, "server_error"),
  STREAM_BROKEN(500, "server_error"),
  READER_TOO_SLOW(503, "server_error"),
  DEADLINE_EXCEEDED(503, "server_error"),
  DEVICE_MEMORY(503, "server_error"),
  DEVICE_FAILED(503, "server_error"),

  // What a file said.
  FILE_NOT_FOUND(500, "server_error"),
  FILE_UNREADABLE(500, "server_error"),
  FILE_UNWRITABLE(500, "server_error"),
  SAFETENSORS_TRUNCATED(500, "server_error"),
  SAFETENSORS_HEADER(500, "server_error"),
  SAFETENSORS_LAYOUT(500, "server_error"),
  SAFETENSORS_DTYPE(500, "server_error"),
  CHECKPOINT_UNSAFE_FORMAT(500, "server_error"),
  CHECKPOINT_INDEX(500, "server_error"),
  MODEL_CONFIG(500, "server_error"),
  UNKNOWN_ARCHITECTURE(500, "server_error"),
  MISSING_TENSOR(500, "server_error"),
  TENSOR_SHAPE(500, "server_error"),
  TOKENIZER(500, "server_error"),
  CHAT_TEMPLATE(400, "invalid_request_error"),
  DELTA_FORMAT(500, "server_error"),
  DELTA_TOO_NEW(500, "server_error"),
  DELTA_CHECKSUM(500, "server_error"),
  UNKNOWN_CODEC(500, "server_error"),
  WRONG_BASE(500, "server_error"),
  INCOMPATIBLE_MODELS(500, "server_error"),
  TRACE_FORMAT(500, "server_error"),
  COST_MODEL(500, "server_error"),

  // What an operator set.
  CONFIG(500, "server_error"),
  QUALITY_UNREACHABLE(500, "server_error"),
  PORT_IN_USE(500, "server_error"),
  USAGE(500, "server_error");

  private final int httpStatus;
  private final String wireType;

  ErrorCode(int httpStatus, String wireType) {
    this.httpStatus = httpStatus;
    this.wireType = wireType;
  }

  public int httpStatus() {
    return httpStatus;
  }

  /** The {@code type} of the OpenAI error envelope. */
  public String wireType() {
    return wireType;
  }

  /** The {@code code} of the OpenAI error envelope and of command-line errors. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
