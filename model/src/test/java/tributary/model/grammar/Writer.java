package tributary.model.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import tributary.model.sampling.Sampler;
import tributary.protocol.DeltaId;
import tributary.protocol.GenerationRequest;
import tributary.protocol.OutputForm;
import tributary.protocol.RequestId;
import tributary.protocol.Sampling;
import tributary.protocol.StopRule;
import tributary.protocol.Tokens;

/** Writes texts of a form with a model that says anything, over bytes and some longer tokens. */
final class Writer {
  static final int STOP = 0;
  private static final List<byte[]> VOCABULARY = vocabulary();

  private final Constraints constraints = new Constraints(VOCABULARY.size(), VOCABULARY::get);
  private final OutputForm form;

  Writer(OutputForm form) {
    this.form = form;
    constraints.prepare(form);
  }

  /** A text that ended by itself, or nothing when it reached the limit. */
  Optional<String> write(long seed, int tokensMax) {
    var random = new SplittableRandom(seed);
    var request =
        new GenerationRequest(
            new RequestId("seed-" + seed),
            new DeltaId("model"),
            Tokens.of(7, 8, 9),
            new Sampling(2, 0, 1, 0, seed, 1, 0, 0, Map.of(), Sampling.NO_LOGPROBS),
            new StopRule(tokensMax, 0, Set.of(STOP)),
            form);
    var sampler = new Sampler();
    int[] sequence = new int[3 + tokensMax];
    var text = new ByteArrayOutputStream();
    for (int length = 3; length < sequence.length; length++) {
      BitSet allowed = constraints.allowed(request, sequence, length);
      int token =
          sampler
              .draw(
                  logits(random),
                  sequence,
                  3,
                  length,
                  new Sampler.Rules(request.sampling(), request.stop(), allowed))
              .token();
      if (token == STOP) {
        return Optional.of(text.toString(StandardCharsets.UTF_8));
      }
      sequence[length] = token;
      text.writeBytes(VOCABULARY.get(token));
    }
    return Optional.empty();
  }

  /** Whether the text, byte after byte, is one of the form. */
  boolean takes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var request =
        new GenerationRequest(
            new RequestId("text-" + text),
            new DeltaId("model"),
            Tokens.of(1),
            Sampling.GREEDY,
            new StopRule(Math.max(1, bytes.length), 0, Set.of(STOP)),
            form);
    int[] sequence = new int[bytes.length + 1];
    for (int i = 0; i < bytes.length; i++) {
      int token = 1 + Byte.toUnsignedInt(bytes[i]);
      if (!allowed(request, sequence, i + 1).get(token)) {
        return false;
      }
      sequence[i + 1] = token;
    }
    return allowed(request, sequence, sequence.length).get(STOP);
  }

  private BitSet allowed(GenerationRequest request, int[] sequence, int length) {
    BitSet allowed = constraints.allowed(request, sequence, length);
    if (allowed == null) {
      throw new AssertionError("the form is free");
    }
    return allowed;
  }

  private static float[] logits(SplittableRandom random) {
    float[] logits = new float[VOCABULARY.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextDouble(-4, 4);
    }
    return logits;
  }

  private static List<byte[]> vocabulary() {
    var entries = new ArrayList<byte[]>();
    entries.add(new byte[0]);
    for (int i = 0; i < 256; i++) {
      entries.add(new byte[] {(byte) i});
    }
    for (String piece :
        List.of(
            "{\"",
            "\":",
            "\", \"",
            "\"}",
            "\"]",
            "}}",
            "],",
            "true",
            "false",
            "null",
            "name",
            "\": \"",
            "é",
            "日本",
            "😀",
            "\\u00",
            "\\n",
            "0.",
            "12",
            "-1",
            "e+",
            " ",
            "  ",
            "</tool",
            "_call>",
            "<tool_call>",
            "the ",
            "\n    ",
            ": [",
            "[[",
            "{}",
            "\"\"")) {
      entries.add(piece.getBytes(StandardCharsets.UTF_8));
    }
    entries.add(new byte[] {(byte) 0xE6, (byte) 0x97}); // Two thirds of a character.
    return List.copyOf(entries);
  }
}
