package tributary.protocol.openai;

/** How much of everything one request body may ask for; checked while the body is being read. */
public record BodyLimits(int choicesMax, int promptsMax, int stopStringsMax) {
  static final int STOP_STRING_CHARACTERS_MAX = 1024;
  static final int STOP_TOKENS_MAX = 128;
  static final int LOGIT_BIASES_MAX = 1024;
  static final int MESSAGES_MAX = 4096;
  static final int TOOLS_MAX = 128;
  static final int TOOL_CALLS_MAX = 128;
  static final int CHOICES_OF_TEXT_MAX = 1024;
  static final int TEMPLATE_VALUES_MAX = 16;
  static final int PRIORITY_MAX = 1000;
  static final double TIMEOUT_SECONDS_MAX = 86_400;
  static final int UNKNOWN_FIELDS_NAMED_MAX = 32;
}
