package tributary.model.gradient;

import tributary.gpu.Rope;

/**
 * Rotates pairs of a head's values by their token's position in its sequence, as {@link Rope} says.
 * The way back is the rotation the other way.
 */
final class RotaryStep {
  private final TokenBatch batch;
  private final int headSize;
  private final int pairs;

  /** [longest sequence, pairs], times the scale. */
  private final float[] cosines;

  private final float[] sines;

  RotaryStep(TokenBatch batch, Rope.Frequencies frequencies, int headSize) {
    this.batch = batch;
    this.headSize = headSize;
    float[] speeds = frequencies.inverseFrequencies();
    this.pairs = speeds.length;
    this.cosines = new float[batch.longest() * pairs];
    this.sines = new float[cosines.length];
    for (int i = 0; i < cosines.length; i++) {
      int position = i / pairs;
      // The angle is rounded to fp32, as the forward pass has it.
      float angle = position * speeds[i % pairs];
      cosines[i] = (float) (Math.cos(angle) * frequencies.scale());
      sines[i] = (float) (Math.sin(angle) * frequencies.scale());
    }
  }

  /** Rotates [T, heads * headSize] in place. */
  void forward(Matrix x) {
    rotate(x, 1);
  }

  /** Turns the gradient of what was rotated into that of what was given, in place. */
  void backward(Matrix gradient) {
    rotate(gradient, -1);
  }

  private void rotate(Matrix x, int direction) {
    int row = 0;
    for (int[] sequence : batch.sequences()) {
      for (int position = 0; position < sequence.length; position++) {
        for (int head = x.start(row); head < x.start(row + 1); head += headSize) {
          rotateHead(x.values(), head, position * pairs, direction);
        }
        row++;
      }
    }
  }

  private void rotateHead(float[] values, int from, int angles, int direction) {
    for (int i = 0; i < pairs; i++) {
      float cosine = cosines[angles + i];
      float sine = direction * sines[angles + i];
      float a = values[from + i];
      float b = values[from + i + pairs];
      values[from + i] = a * cosine - b * sine;
      values[from + i + pairs] = b * cosine + a * sine;
    }
  }
}
