// Activation functions of sixteen numbers. NaN stays NaN, and the limits are exact.

RK_INLINE f32x16 identity(f32x16 x) { return x; }

RK_INLINE f32x16 sigmoid(f32x16 x) { return reciprocal(1.0f + exp_f32(-x)); }

RK_INLINE f32x16 silu(f32x16 x) { return x * sigmoid(x); }

RK_INLINE f32x16 quick_gelu(f32x16 x) { return x * sigmoid(x * 1.702f); }

RK_INLINE f32x16 tanh_f32(f32x16 x) { return 1.0f - 2.0f * reciprocal(1.0f + exp_f32(x + x)); }

RK_INLINE f32x16 relu(f32x16 x) {
    i32x16 kept = ~(x < 0.0f);
    return (f32x16)(kept & (i32x16)x);
}

/// x · Φ(x), where Φ(x) - 1/2 = x · P(x²) / Q(x²) to 1e-8 for |x| ≤ 5.5; below that it is zero.
RK_INLINE f32x16 gelu(f32x16 x) {
    f32x16 u = min_f32(max_f32(x, splat(-5.5f)), splat(5.5f)), s = u * u;
    f32x16 p = splat(2.2749459e-08f);
    p = p * s + 6.3521142e-06f;
    p = p * s + 1.68825006e-04f;
    p = p * s + 4.67725648e-03f;
    p = p * s + 3.38525794e-02f;
    p = p * s + 3.98942235e-01f;
    f32x16 q = splat(1.19750644e-06f);
    q = q * s + 7.36472955e-05f;
    q = q * s + 1.88444098e-03f;
    q = q * s + 2.8645833e-02f;
    q = q * s + 2.51521751e-01f;
    q = q * s + 1.0f;
    f32x16 y = x * (u * p * reciprocal(q) + 0.5f);
    return (f32x16)(~(x < -5.5f) & (i32x16)y);
}

RK_INLINE f32x16 gelu_tanh(f32x16 x) {
    return x * sigmoid(x * (x * x * 0.0713548163f + 1.59576912f));
}

/// Every activation: its number, its function.
#define RK_ACTIVATIONS(X)      \
    X(RK_IDENTITY, identity)   \
    X(RK_GELU, gelu)           \
    X(RK_GELU_TANH, gelu_tanh) \
    X(RK_SILU, silu)           \
    X(RK_SIGMOID, sigmoid)     \
    X(RK_TANH, tanh_f32)       \
    X(RK_RELU, relu)           \
    X(RK_QUICK_GELU, quick_gelu)
