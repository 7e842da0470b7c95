package tributary.model.network;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** A network's parameters by name, in the order in which the network declares them. */
public final class Parameters {
  private final SequencedMap<String, Parameter> byName = new LinkedHashMap<>();
  private final List<Parameter.Matrix> bySlot = new ArrayList<>();
  private int matrices;
  private int vectors;

  public Parameter.Matrix matrix(String name, int rows, int columns) {
    return add(new Parameter.Matrix(matrices++, name, rows, columns, false, null));
  }

  /** A matrix with a row for each token of the vocabulary. */
  public Parameter.Matrix vocabularyMatrix(String name, int rows, int columns) {
    return add(new Parameter.Matrix(matrices++, name, rows, columns, true, null));
  }

  /** A matrix that is {@code other}, unless a tenant has its own. */
  public Parameter.Matrix tied(String name, Parameter.Matrix other) {
    return add(
        new Parameter.Matrix(
            matrices++, name, other.rows(), other.columns(), other.vocabulary(), other));
  }

  public Parameter.Vector vector(String name, int length) {
    return add(new Parameter.Vector(vectors++, name, length, true, 0));
  }

  /** A vector that is computed with as {@code offset} plus what checkpoints hold. */
  public Parameter.Vector vector(String name, int length, float offset) {
    return add(new Parameter.Vector(vectors++, name, length, true, offset));
  }

  /** A linear layer's weight and bias; without a bias in the base, tenants may still have one. */
  public Projection projection(String name, int rows, int columns, boolean biasInBase) {
    Parameter.Matrix weight = matrix(name + ".weight", rows, columns);
    return new Projection(
        weight, add(new Parameter.Vector(vectors++, name + ".bias", rows, biasInBase, 0)));
  }

  public Collection<Parameter> all() {
    return Collections.unmodifiableCollection(byName.values());
  }

  SequencedMap<String, Parameter> byName() {
    return Collections.unmodifiableSequencedMap(byName);
  }

  /** The matrix that has this slot. */
  Parameter.Matrix matrixOf(int slot) {
    return bySlot.get(slot);
  }

  int matrices() {
    return matrices;
  }

  int vectors() {
    return vectors;
  }

  private <P extends Parameter> P add(P parameter) {
    if (byName.putIfAbsent(parameter.name(), parameter) != null) {
      throw new IllegalArgumentException("declared twice: " + parameter.name());
    }
    if (parameter instanceof Parameter.Matrix matrix) {
      bySlot.add(matrix);
    }
    return parameter;
  }
}
