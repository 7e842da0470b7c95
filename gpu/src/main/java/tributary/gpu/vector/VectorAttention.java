package tributary.gpu.vector;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.OperandChecks;

/**
 * Attention, one row and key-value head at a time, shared out among the team.
 *
 * <p>Cost, for a row at position p: 8(p + 1) bytes of keys and values for each component of each
 * key-value head, and 4(p + 1) flops for each component of each query head. Bound by memory, unless
 * many query heads share a key.
 */
final class VectorAttention implements Attention {
  /** Components of visible keys below which waking the team costs more than it saves. */
  private static final long ALONE = 16_384;

  private final WorkerTeam team;
  private final Scratch[] scratch;

  VectorAttention(WorkerTeam team, Scratch[] scratch) {
    this.team = team;
    this.scratch = scratch;
  }

  @Override
  public void apply(
      Activations out,
      Activations q,
      KvCache cache,
      int layer,
      List<SequenceRows> rows,
      Scores scores) {
    OperandChecks.attention(out, q, cache.shape(), layer, rows);
    int heads = cache.shape().heads();
    int batch = rows.stream().mapToInt(SequenceRows::rows).sum();
    int[] sequenceOf = new int[batch];
    int[] indexOf = new int[batch];
    long work = 0;
    int next = 0;
    for (int s = 0; s < rows.size(); s++) {
      SequenceRows sequence = rows.get(s);
      for (int i = 0; i < sequence.rows(); i++) {
        sequenceOf[next] = s;
        indexOf[next++] = i;
        work += sequence.firstPosition() + i + 1;
      }
    }
    var pass =
        new Pass(
            HostActivations.of(out).values(),
            HostActivations.of(q).values(),
            q.columns(),
            HostKvCache.of(cache),
            layer,
            scores);
    WorkerTeam.Body body =
        (chunk, worker) -> {
          int row = chunk / heads;
          pass.row(rows.get(sequenceOf[row]), indexOf[row], chunk % heads, scratch[worker]);
        };
    if (work * q.columns() < ALONE) {
      for (int chunk = 0; chunk < batch * heads; chunk++) {
        body.chunk(chunk, 0);
      }
    } else {
      team.run(batch * heads, body);
    }
  }

  /** One call's operands. */
  private record Pass(
      float[] out, float[] q, int columns, HostKvCache cache, int layer, Scores rule) {
    /** The query heads that share key-value head {@code head}, for one row. */
    void row(SequenceRows sequence, int index, int head, Scratch scratch) {
      KvShape shape = cache.shape();
      int size = shape.headSize();
      int group = columns / (shape.heads() * size);
      int position = sequence.firstPosition() + index;
      int seen = rule.firstSeen(position);
      // Pages before the first that is seen are left out; scores count from that page's start.
      int firstPage = seen / shape.pageTokens();
      int[] pages = from(sequence.pages(), firstPage);
      int unseen = seen - firstPage * shape.pageTokens();
      int positions = position + 1 - firstPage * shape.pageTokens();
      int first = (sequence.firstRow() + index) * columns + head * group * size;
      int stride = Lanes.ceil(Math.ceilDiv(positions, shape.pageTokens()) * shape.pageTokens(), 16);
      float[] scores = scratch.scores(Math.multiplyExact(group, stride));
      scores(pages, head, positions, first, group, scores, stride);
      Arrays.fill(out, first, first + group * size, 0);
      for (int h = 0; h < group; h++) {
        cap(scores, h * stride, positions);
        Arrays.fill(scores, h * stride, h * stride + unseen, Float.NEGATIVE_INFINITY);
        float sum = Softmax.weigh(scores, h * stride, positions);
        scale(scores, h * stride, positions, 1 / sum);
      }
      average(pages, head, positions, first, group, scores, stride);
    }

    private static int[] from(int[] pages, int first) {
      return first == 0 ? pages : Arrays.copyOfRange(pages, first, pages.length);
    }

    private void scores(
        int[] pages, int head, int positions, int first, int group, float[] scores, int stride) {
      KvShape shape = cache.shape();
      int tokens = shape.pageTokens();
      for (int p = 0; p < positions; p += tokens) {
        var page =
            new KeyScores.Page(
                cache.page(pages[p / tokens]), cache.keys(layer, head), tokens, shape.headSize());
        int h = 0;
        for (; h + 4 <= group; h += 4) {
          KeyScores.four(
              page, q, first + h * shape.headSize(), rule.scale(), scores, h * stride + p, stride);
        }
        for (; h < group; h++) {
          KeyScores.one(
              page, q, first + h * shape.headSize(), rule.scale(), scores, h * stride + p);
        }
      }
    }

    private void average(
        int[] pages, int head, int positions, int first, int group, float[] weights, int stride) {
      KvShape shape = cache.shape();
      int tokens = shape.pageTokens();
      for (int p = 0; p < positions; p += tokens) {
        var page =
            new ValueAverage.Page(
                cache.page(pages[p / tokens]),
                cache.values(layer, head),
                shape.headSize(),
                Math.min(tokens, positions - p));
        int h = 0;
        for (; h + 4 <= group; h += 4) {
          ValueAverage.four(
              page, weights, h * stride + p, stride, out, first + h * shape.headSize());
        }
        for (; h < group; h++) {
          ValueAverage.one(page, weights, h * stride + p, out, first + h * shape.headSize());
        }
      }
    }

    private void cap(float[] scores, int first, int count) {
      if (rule.softCap() == Scores.UNCAPPED) {
        return;
      }
      for (int i = 0; i < count; i += Lanes.COUNT) {
        VectorMask<Float> some = Lanes.first(count - i);
        VectorActivation.tanh(
                FloatVector.fromArray(Lanes.FLOATS, scores, first + i, some).div(rule.softCap()))
            .mul(rule.softCap())
            .intoArray(scores, first + i, some);
      }
    }

    private static void scale(float[] values, int first, int count, float factor) {
      for (int i = first; i < first + count; i++) {
        values[i] *= factor;
      }
    }
  }
}
