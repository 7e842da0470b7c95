package tributary.compression.quality;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Scanner;
import java.util.regex.Pattern;
import tributary.compression.quality.Scorer.Sequence;
import tributary.model.gradient.Completion;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Reads files of records or text into sequences, cut as the models' training cut them. */
public final class Records {
  /** Tokens of a prompt with its completion, and tokens that a window of text predicts. */
  private static final int WINDOW_TOKENS = 512;

  /** A longer prompt loses its beginning, so that this much is left for the completion. */
  private static final int COMPLETION_TOKENS_MIN = 64;

  private static final Pattern DOCUMENT_END = Pattern.compile(Pattern.quote("<|endoftext|>"));
  private static final ObjectMapper JSON = new ObjectMapper();

  private Records() {}

  /**
   * What a model reads of the first {@code limit} records of a file of JSON lines: prompts with
   * their completions, without the last token, which is only predicted.
   */
  public static List<int[]> taskInputs(
      Path file, int limit, TextTokenizer tokenizer, int endToken) {
    return inputs(task(file, limit, tokenizer, endToken));
  }

  /** What a model reads of the first {@code limit} windows of a text file. */
  public static List<int[]> textInputs(
      Path file, int limit, TextTokenizer tokenizer, int endToken) {
    return inputs(text(file, limit, tokenizer, endToken));
  }

  /** The first {@code limit} records of a {@code .jsonl} file, or windows of any other. */
  public static List<Completion> completions(
      Path file, int limit, TextTokenizer tokenizer, int endToken) {
    List<Sequence> sequences =
        file.toString().endsWith(".jsonl")
            ? task(file, limit, tokenizer, endToken)
            : text(file, limit, tokenizer, endToken);
    return sequences.stream().map(s -> new Completion(s.tokens(), s.scoredFrom())).toList();
  }

  private static List<int[]> inputs(List<Sequence> sequences) {
    return sequences.stream()
        .map(sequence -> Arrays.copyOf(sequence.tokens(), sequence.inputs()))
        .toList();
  }

  static List<Sequence> task(Path file, int limit, TextTokenizer tokenizer, int endToken) {
    requireLimit(limit);
    List<Sequence> sequences = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      String line = lines.readLine();
      for (int number = 1; line != null && sequences.size() < limit; number++) {
        JsonNode record = parse(file, number, line);
        int[] prompt = tokenizer.encode(text(file, number, record, "prompt"), true).toArray();
        int[] completion =
            tokenizer.encode(text(file, number, record, "completion"), false).toArray();
        sequences.add(sequence(prompt, completion, endToken));
        line = lines.readLine();
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return requireSome(file, sequences);
  }

  /** The prompt's end, then as much of completion and end token as the window has room for. */
  static Sequence sequence(int[] prompt, int[] completion, int endToken) {
    int kept = Math.min(prompt.length, WINDOW_TOKENS - COMPLETION_TOKENS_MIN);
    int scored = Math.min(completion.length + 1, WINDOW_TOKENS - kept);
    int[] tokens = Arrays.copyOfRange(prompt, prompt.length - kept, prompt.length + scored);
    System.arraycopy(completion, 0, tokens, kept, Math.min(completion.length, scored));
    if (scored > completion.length) {
      tokens[kept + completion.length] = endToken;
    }
    return new Sequence(tokens, kept);
  }

  static List<Sequence> text(Path file, int limit, TextTokenizer tokenizer, int endToken) {
    requireLimit(limit);
    // One window more than is read decides whether the last one counts.
    long enough = (limit + 2L) * WINDOW_TOKENS;
    List<int[]> documents = new ArrayList<>();
    long count = 0;
    try (Scanner scanner = new Scanner(file, StandardCharsets.UTF_8).useDelimiter(DOCUMENT_END)) {
      while (count < enough && scanner.hasNext()) {
        String document = scanner.next().strip();
        if (!document.isEmpty()) {
          Tokens tokens = tokenizer.encode(document, true);
          int[] ids = Arrays.copyOf(tokens.toArray(), tokens.count() + 1);
          ids[tokens.count()] = endToken;
          documents.add(ids);
          count += ids.length;
        }
      }
      if (scanner.ioException() != null) {
        throw scanner.ioException();
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    int[] all = documents.stream().flatMapToInt(Arrays::stream).toArray();
    return requireSome(file, windows(all, limit));
  }

  static List<Sequence> windows(int[] tokens, int limit) {
    List<Sequence> windows = new ArrayList<>();
    for (int first = 0;
        first < tokens.length - WINDOW_TOKENS - 1 && windows.size() < limit;
        first += WINDOW_TOKENS) {
      windows.add(new Sequence(Arrays.copyOfRange(tokens, first, first + WINDOW_TOKENS + 1), 1));
    }
    return windows;
  }

  private static JsonNode parse(Path file, int number, String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new TributaryException(
          ErrorCode.INVALID_JSON,
          "%s, line %d: %s".formatted(file, number, e.getOriginalMessage()),
          e);
    }
  }

  private static String text(Path file, int number, JsonNode record, String field) {
    JsonNode value = record.path(field);
    if (!value.isTextual()) {
      throw new TributaryException(
          ErrorCode.INVALID_JSON,
          "%s, line %d: wanted a string %s; a record is {\"prompt\": ..., \"completion\": ...}"
              .formatted(file, number, Quoted.of(field)));
    }
    return value.textValue();
  }

  private static void requireLimit(int limit) {
    if (limit < 1) {
      throw TributaryException.parameter("limit", limit, 1, Integer.MAX_VALUE);
    }
  }

  private static List<Sequence> requireSome(Path file, List<Sequence> sequences) {
    if (sequences.isEmpty()) {
      throw new TributaryException(
          ErrorCode.INVALID_REQUEST,
          "%s holds nothing to evaluate: no record, or less text than a window of %d tokens"
              .formatted(file, WINDOW_TOKENS));
    }
    return sequences;
  }

  private static TributaryException unreadable(Path file, IOException e) {
    boolean missing = e instanceof NoSuchFileException;
    return new TributaryException(
        missing ? ErrorCode.FILE_NOT_FOUND : ErrorCode.FILE_UNREADABLE,
        missing
            ? "%s does not exist".formatted(file)
            : "%s cannot be read as UTF-8: %s".formatted(file, e.getMessage()),
        e);
  }
}
