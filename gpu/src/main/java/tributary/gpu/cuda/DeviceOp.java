package tributary.gpu.cuda;

import tributary.gpu.Rope;

/**
 * One launch, or a few, of a step on a device. Each kind reads and writes fixed buffers:
 *
 * <pre>
 * residual  f32  [T, hidden]                        normed   bf16 [T, hidden]
 * qkv       bf16 [T, (heads + 2 kvHeads) * size]    attended bf16 [T, heads * size]
 * gateUp    bf16 [T, 2 inner], interleaved          inner    bf16 [T, inner]
 * logits    f32  [T, vocabulary]
 * </pre>
 *
 * <p>Biases run only in steps in which the base or some tenant has one.
 */
sealed interface DeviceOp {
  /** residual = embeddings. */
  record Embed(int projection) implements DeviceOp {}

  /** normed = norm of residual. */
  record Normalize(int vector, float epsilon) implements DeviceOp {}

  /** qkv = projections of normed. */
  record QueryKeyValue(int projection) implements DeviceOp {}

  /** qkv += bias, in some columns. */
  record QueryKeyValueBias(int vector, int firstColumn, int columns) implements DeviceOp {}

  /** Rotates queries and keys; keys and values go to the cache; attended = attention. */
  record Attend(Rope.Frequencies frequencies, int layer, float scale) implements DeviceOp {}

  /** residual += projection of attended or inner. */
  record AddProjection(int projection, boolean ofAttended) implements DeviceOp {}

  /** residual += bias. */
  record ResidualBias(int vector) implements DeviceOp {}

  /** inner = silu(gate) * up of normed; vectors are -1 where nobody can have a bias. */
  record GateUp(int projection, int gateBias, int upBias) implements DeviceOp {}

  /** logits = projection of normed. */
  record Head(int projection) implements DeviceOp {}
}
