package tributary.compression.quality;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import tributary.compression.quality.Distribution.Reference;
import tributary.gpu.KvShape;
import tributary.model.ForwardPass.LogitsSink;
import tributary.model.StepBatch;
import tributary.model.StepBatch.LogitRows;
import tributary.model.StepBatch.Slice;

/**
 * Scores given continuations: how likely each true token was after the true tokens before it, and
 * how far every subject's distribution is from that of the first one, the reference.
 *
 * <p>Many sequences share a step; each has pages of its own, which are free again after its score.
 * Where there are others to compare, the reference's distributions are kept for one step at a time,
 * which therefore has fewer rows where the vocabulary is large.
 */
final class Scorer {
  /** Rows of one step. */
  private static final int ROWS_MAX = 2048;

  /** Probabilities of the reference that are kept at a time. */
  private static final long PROBABILITIES_MAX = 1L << 24;

  /**
   * A sequence whose tokens from {@code scoredFrom} on, at least 1, are predicted.
   *
   * @param tokens at least {@code scoredFrom + 1}
   */
  @SuppressWarnings("ArrayRecordComponent") // Belongs to one scorer and is never compared.
  record Sequence(int[] tokens, int scoredFrom) {
    /** The last token is predicted and never read. */
    int inputs() {
      return tokens.length - 1;
    }
  }

  private final KvShape shape;
  private final int rowsMax;
  private final List<Subject> subjects;

  /**
   * A scorer of some subjects, the reference first, whose caches all have one shape.
   *
   * @param vocabulary of the subjects
   */
  Scorer(KvShape shape, int vocabulary, List<Subject> subjects) {
    this.shape = shape;
    this.subjects = List.copyOf(subjects);
    long compared = Math.max(1, PROBABILITIES_MAX / vocabulary);
    this.rowsMax = subjects.size() == 1 ? ROWS_MAX : (int) Math.min(ROWS_MAX, compared);
  }

  /** Number of sequences from {@code first} on that fit the cache: at least one, or none can. */
  int fitting(List<Sequence> sequences, int first) {
    int rows = 0;
    int pages = 0;
    int next = first;
    while (next < sequences.size()) {
      Sequence sequence = sequences.get(next);
      rows += sequence.inputs();
      pages += pages(sequence);
      if (pages > shape.pages() || (rows > ROWS_MAX && next > first)) {
        break;
      }
      next++;
    }
    if (next == first) {
      throw new IllegalArgumentException(
          "a sequence of %d tokens needs %d pages, the cache has %d"
              .formatted(sequences.get(first).inputs(), pages, shape.pages()));
    }
    return next - first;
  }

  /**
   * Scores sequences that fit the cache: for each subject a list with the score of each sequence.
   */
  List<List<Score>> score(List<Sequence> sequences) {
    Round round = new Round(sequences, pages(sequences));
    List<Part> contexts = new ArrayList<>();
    List<Part> tails = new ArrayList<>();
    for (int index = 0; index < sequences.size(); index++) {
      Sequence sequence = sequences.get(index);
      int context = sequence.scoredFrom - 1;
      if (context > 0) {
        contexts.add(new Part(index, 0, context));
      }
      tails.add(new Part(index, context, sequence.inputs()));
    }
    if (!contexts.isEmpty()) {
      subjects.forEach(subject -> round.run(subject, contexts, LogitRows.NONE, (_, _, _) -> {}));
    }
    List<List<Tally>> tallies =
        subjects.stream().map(_ -> sequences.stream().map(_ -> new Tally()).toList()).toList();
    for (List<Part> step : steps(tails)) {
      score(round, step, tallies);
    }
    return tallies.stream()
        .map(ofSubject -> ofSubject.stream().map(Tally::score).toList())
        .toList();
  }

  /** A row of a step, and what a subject says of the token after it. */
  private record Said(int sequence, int next, Distribution found) {}

  /** Runs the step on every subject, the reference first. */
  private void score(Round round, List<Part> step, List<List<Tally>> tallies) {
    List<Said> first = run(round, subjects.getFirst(), step);
    first.forEach(said -> tallies.getFirst().get(said.sequence).add(said.found, said.next));
    if (subjects.size() == 1) {
      return;
    }
    List<Reference> references =
        first.parallelStream().map(said -> said.found.reference()).toList();
    for (int index = 1; index < subjects.size(); index++) {
      List<Tally> tally = tallies.get(index);
      Iterator<Reference> reference = references.iterator();
      for (Said said : run(round, subjects.get(index), step)) {
        tally.get(said.sequence).add(said.found, said.next);
        tally.get(said.sequence).compare(reference.next(), said.found);
      }
    }
  }

  /** What a subject says after every row of a step. */
  private static List<Said> run(Round round, Subject subject, List<Part> step) {
    record Row(Part part, int row, float[] logits) {}
    List<Row> rows = new ArrayList<>();
    round.run(
        subject,
        step,
        LogitRows.ALL,
        (slice, row, logits) -> rows.add(new Row(step.get(slice), row, logits.clone())));
    return rows.parallelStream()
        .map(row ->
            new Said(
                row.part.sequence, round.next(row.part, row.row), new Distribution(row.logits)))
        .toList();
  }

  /** Inputs {@code [from, to)} of a sequence. */
  private record Part(int sequence, int from, int to) {}

  /** Sequences with the pages that each has meanwhile. */
  @SuppressWarnings("ArrayRecordComponent") // Page tables as steps take them.
  private record Round(List<Sequence> sequences, int[][] pages) {
    void run(Subject subject, List<Part> parts, LogitRows wanted, LogitsSink sink) {
      List<Slice> slices = new ArrayList<>(parts.size());
      for (Part part : parts) {
        int[] tokens = Arrays.copyOfRange(sequences.get(part.sequence).tokens, part.from, part.to);
        slices.add(new Slice(subject.delta(), tokens, part.from, pages[part.sequence], wanted));
      }
      subject.steps().run(new StepBatch(slices), sink);
    }

    /** The true token after a row of a part. */
    int next(Part part, int row) {
      return sequences.get(part.sequence).tokens[part.from + row + 1];
    }
  }

  /** Cuts parts into steps of at most {@code rowsMax} rows, in order. */
  private List<List<Part>> steps(List<Part> parts) {
    List<List<Part>> steps = new ArrayList<>();
    int room = 0;
    for (Part part : parts) {
      int from = part.from;
      while (from < part.to) {
        if (room == 0) {
          steps.add(new ArrayList<>());
          room = rowsMax;
        }
        int to = Math.min(part.to, from + room);
        steps.getLast().add(new Part(part.sequence, from, to));
        room -= to - from;
        from = to;
      }
    }
    return steps;
  }

  private int[][] pages(List<Sequence> sequences) {
    int[][] pages = new int[sequences.size()][];
    int first = 0;
    for (int index = 0; index < pages.length; index++) {
      int next = first + pages(sequences.get(index));
      pages[index] = IntStream.range(first, next).toArray();
      first = next;
    }
    return pages;
  }

  private int pages(Sequence sequence) {
    return Math.ceilDiv(sequence.inputs(), shape.pageTokens());
  }
}
