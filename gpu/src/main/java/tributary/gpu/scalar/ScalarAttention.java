package tributary.gpu.scalar;

import java.util.List;
import tributary.gpu.Activations;
import tributary.gpu.Attention;
import tributary.gpu.KvCache;
import tributary.gpu.KvShape;
import tributary.gpu.SequenceRows;
import tributary.gpu.host.HostActivations;
import tributary.gpu.host.HostKvCache;
import tributary.gpu.host.OperandChecks;

final class ScalarAttention implements Attention {
  @Override
  public void apply(
      Activations out,
      Activations q,
      KvCache cache,
      int layer,
      List<SequenceRows> rows,
      Scores scores) {
    OperandChecks.attention(out, q, cache.shape(), layer, rows);
    for (SequenceRows sequence : rows) {
      for (int i = 0; i < sequence.rows(); i++) {
        int first = (sequence.firstRow() + i) * q.columns();
        for (int head = 0; head < q.columns() / cache.shape().headSize(); head++) {
          new Head(
                  HostKvCache.of(cache),
                  layer,
                  head / (q.columns() / cache.shape().headSize() / cache.shape().heads()),
                  sequence.pages(),
                  sequence.firstPosition() + i)
              .attend(
                  HostActivations.of(out).values(),
                  HostActivations.of(q).values(),
                  first + head * cache.shape().headSize(),
                  scores);
        }
      }
    }
  }

  /** One key-value head of one sequence, seen from a position. */
  private record Head(HostKvCache cache, int layer, int head, int[] pages, int position) {
    void attend(float[] out, float[] q, int first, Scores scores) {
      int positions = position + 1;
      int seen = scores.firstSeen(position);
      double[] weights = new double[positions];
      double largest = Double.NEGATIVE_INFINITY;
      for (int p = seen; p < positions; p++) {
        for (int c = 0; c < shape().headSize(); c++) {
          weights[p] += (double) scores.scale() * q[first + c] * key(p, c);
        }
        if (scores.softCap() != Scores.UNCAPPED) {
          weights[p] = scores.softCap() * Math.tanh(weights[p] / scores.softCap());
        }
        largest = Math.max(largest, weights[p]);
      }
      double sum = 0;
      for (int p = seen; p < positions; p++) {
        weights[p] = Math.exp(weights[p] - largest);
        sum += weights[p];
      }
      for (int c = 0; c < shape().headSize(); c++) {
        double value = 0;
        for (int p = seen; p < positions; p++) {
          value += weights[p] * value(p, c);
        }
        out[first + c] = (float) (value / sum);
      }
    }

    private float key(int position, int component) {
      return page(position)[cache.key(layer, head, slot(position), component)];
    }

    private float value(int position, int component) {
      return page(position)[cache.value(layer, head, slot(position), component)];
    }

    private float[] page(int position) {
      return cache.page(pages[position / shape().pageTokens()]);
    }

    private int slot(int position) {
      return position % shape().pageTokens();
    }

    private KvShape shape() {
      return cache.shape();
    }
  }
}
