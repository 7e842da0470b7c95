package tributary.tests.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tributary.config.ServerConfig;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.grammar.Constraints;
import tributary.model.tokenizer.ChatTemplate;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.OutputForm;
import tributary.protocol.openai.BodyLimits;
import tributary.protocol.openai.ChatCompletionBody;
import tributary.protocol.openai.CompletionBody;
import tributary.protocol.openai.DetokenizeBody;
import tributary.protocol.openai.EmbeddingBody;
import tributary.protocol.openai.KeyBody;
import tributary.protocol.openai.ModelChangeBody;
import tributary.protocol.openai.TokenizeBody;
import tributary.simulation.trace.TraceFile;
import tributary.simulation.trace.TraceRules;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.SafetensorsFile;

/** What reads bytes that others wrote. */
enum FuzzTarget {
  /** All of the others; the first byte chooses. */
  EVERY(FuzzTarget::every),
  /** The header of a file of tensors; its length and 256 bytes of numbers are put to it. */
  SAFETENSORS(FuzzTarget::safetensors),
  /** A whole delta file, and with it every codec's layout. */
  DELTA(FuzzTarget::delta),
  /** A delta file's header over the golden file's bytes. */
  DELTA_HEADER(FuzzTarget::deltaHeader),
  /** A checkpoint's {@code config.json}. */
  MODEL_CONFIG(FuzzTarget::modelConfig),
  /** A checkpoint's {@code tokenizer.json}. */
  TOKENIZER(FuzzTarget::tokenizer),
  /** A checkpoint's chat template. */
  CHAT_TEMPLATE(FuzzTarget::chatTemplate),
  /** Requests; the first byte chooses the route. */
  BODIES(FuzzTarget::bodies),
  /** Schemas and expressions that an output must fit; the first byte chooses. */
  FORMS(FuzzTarget::forms),
  /** Traces of every format. */
  TRACES(FuzzTarget::traces),
  /** The server's configuration. */
  SETTINGS(FuzzTarget::settings);

  static final List<FuzzTarget> ALL = List.of(values());

  private static final BodyLimits LIMITS = new BodyLimits(8, 16, 4);
  private static final int NUMBERS = 256;
  private static final int BYTE_VALUES = 256;
  private static final List<ChatTemplate.Message> MESSAGES =
      List.of(
          new ChatTemplate.Message("system", "Be brief."),
          new ChatTemplate.Message("user", "Hello"),
          new ChatTemplate.Message("assistant", "Hi."),
          new ChatTemplate.Message("user", "Bye"));

  private interface Reader {
    void read(byte[] input, Path scratch) throws IOException;
  }

  private final Reader reader;

  FuzzTarget(Reader reader) {
    this.reader = reader;
  }

  /** Name of the folder that holds its inputs. */
  String folder() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads an input as the product would.
   *
   * @param scratch a folder of this process
   * @throws tributary.protocol.TributaryException when the input is refused
   */
  void read(byte[] input, Path scratch) throws IOException {
    reader.read(input, scratch);
  }

  private static void every(byte[] input, Path scratch) throws IOException {
    if (input.length > 0) {
      FuzzTarget target = ALL.get(Byte.toUnsignedInt(input[0]) % ALL.size());
      if (target != EVERY) {
        target.read(Arrays.copyOfRange(input, 1, input.length), scratch);
      }
    }
  }

  private static void safetensors(byte[] input, Path scratch) throws IOException {
    byte[] whole = withLength(input, new byte[NUMBERS]);
    Path path = Files.write(scratch.resolve("model.safetensors"), whole);
    try (var file = SafetensorsFile.open(path)) {
      file.names().forEach(file::tensor);
    }
  }

  private static void delta(byte[] input, Path scratch) throws IOException {
    Path path = Files.write(scratch.resolve("some.delta.safetensors"), input);
    try (var file = DeltaFile.open(path)) {
      file.verifyChecksums();
      file.unfold(0, Integer.MAX_VALUE);
      var _ = file.tensors();
      var _ = file.memory();
    }
  }

  private static void deltaHeader(byte[] input, Path scratch) throws IOException {
    delta(withLength(input, Corpus.numbers()), scratch);
  }

  private static byte[] withLength(byte[] header, byte[] numbers) {
    return ByteBuffer.allocate(Long.BYTES + header.length + numbers.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(numbers)
        .array();
  }

  private static void modelConfig(byte[] input, Path scratch) throws IOException {
    Files.write(scratch.resolve("config.json"), input);
    Families.network(ModelConfig.read(scratch));
  }

  private static void tokenizer(byte[] input, Path scratch) throws IOException {
    Files.write(scratch.resolve("tokenizer.json"), input);
    try (var tokenizer = TextTokenizer.open(scratch)) {
      var tokens = tokenizer.encode("Hello, w\u00f6rld \ud83d\ude42", true);
      tokenizer.decode(tokens, true);
      tokenizer.constraints().prepare(new OutputForm.OneOf(List.of("yes", "no")));
    }
  }

  private static void chatTemplate(byte[] input, Path scratch) {
    ChatTemplate template =
        ChatTemplate.compile(
            new String(input, StandardCharsets.UTF_8),
            Map.of("bos_token", "<s>", "eos_token", "</s>"));
    template.render(MESSAGES, true);
  }

  private static void bodies(byte[] input, Path scratch) {
    if (input.length == 0) {
      return;
    }
    byte[] body = Arrays.copyOfRange(input, 1, input.length);
    switch (input[0]) {
      case 'c' -> ChatCompletionBody.read(body, LIMITS);
      case 't' -> CompletionBody.read(body, LIMITS);
      case 'e' -> EmbeddingBody.read(body, LIMITS);
      case 'i' -> TokenizeBody.read(body);
      case 'd' -> DetokenizeBody.read(body);
      case 'k' -> KeyBody.read(body);
      default -> ModelChangeBody.read(body);
    }
  }

  private static void forms(byte[] input, Path scratch) {
    if (input.length == 0) {
      return;
    }
    String text = new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
    OutputForm form =
        switch (input[0]) {
          case 'r' -> new OutputForm.Regex(text);
          case 'o' -> new OutputForm.OneOf(List.of(text, "other"));
          case 't' ->
              new OutputForm.ToolCalls(
                  List.of(new OutputForm.Tool("look", "Looks.", text)), true, 2);
          default -> new OutputForm.JsonSchema(text);
        };
    new Constraints(BYTE_VALUES, token -> new byte[] {(byte) token}).prepare(form);
  }

  private static void traces(byte[] input, Path scratch) throws IOException {
    Path path = Files.write(scratch.resolve("trace"), input);
    var skipping = new TraceRules(TraceRules.Fault.SKIP, TraceRules.ZeroTokens.SKIP, 8);
    for (TraceRules rules : List.of(TraceRules.STRICT, skipping)) {
      try (var trace = TraceFile.open(path, rules)) {
        while (trace.next().isPresent()) {
          // Each row was read.
        }
      }
    }
  }

  private static void settings(byte[] input, Path scratch) {
    ServerConfig.parse(new String(input, StandardCharsets.UTF_8));
  }
}
