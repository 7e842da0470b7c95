package tributary.model.network;

/** A linear layer: {@code y = x W^T + b}, b where the base or the tenant has one. */
public record Projection(Parameter.Matrix weight, Parameter.Vector bias) {}
