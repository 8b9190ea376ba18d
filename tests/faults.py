"""Faults to plant in the package, one at a time, and the claims that notice: `python -m tests.faults [WORD…]`.

A claim that nothing can make fail says nothing. `FAULTS` are edits of `nn` and `experiments`, and each names claims that must fail
on it. The tests run the first of them; this command runs all that are named, on the faults that have WORD in their
description or on all, in some ten minutes. Every claim is named by a fault or listed in `UNTOUCHED`, with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Fault:
    """An edit of the package that makes it wrong.

    Attributes:
        what: what is wrong, in words.
        module: the file of `wi_docs` that is edited.
        old: text that stands there once.
        new: what replaces it.
        noticed_by: claims that must fail, the quickest first.
    """

    what: str
    module: str
    old: str
    new: str
    noticed_by: tuple[str, ...]


FAULTS = (
    # The ground
    Fault("the sigmoid's slope is 1 % too large", "nn/activations", "return e / (1.0 + e) ** 2", "return 1.01 * e / (1.0 + e) ** 2", ("slope_is_at_most_a_quarter", "small_singular_value_is_sufficient", "gradient_window_of_the_sigmoid")),
    Fault("the sigmoid's slope is taken from its output", "nn/activations", "return e / (1.0 + e) ** 2", "return _sigmoid(x) * (1.0 - _sigmoid(x))", ("slope_underflows_from_the_output",)),
    Fault("the sigmoid is shifted by 0.1", "nn/activations", "return np.where(x < 0, e, 1.0) / (1.0 + e)", "return np.where(x < 0, e, 1.0) / (1.0 + e) - 0.1", ("slopes_from_the_output", "magic_number_is_a_tenth", "prior_saves_the_first_steps", "a_bias_for_a_span")),
    Fault("tanh has the sigmoid's slope", "nn/activations", "return 4.0 * _sigmoid_slope(2.0 * x)", "return _sigmoid_slope(x)", ("slopes_from_the_output",)),
    Fault("LeCun's stretch is 0.7", "nn/activations", "2.0 / 3.0", "0.7", ("lecun_constants_hit_the_targets", "lecun_tanh_settles_below_one")),
    Fault("LeCun's slope lacks the inner factor", "nn/activations", "return LECUN_SCALE * LECUN_STRETCH * _tanh_slope(LECUN_STRETCH * x)", "return LECUN_SCALE * LECUN_STRETCH * _tanh_slope(x)", ("lecun_curvature_peaks_beside_one",)),
    Fault("ReLU leaks", "nn/activations", "return np.maximum(x, 0.0)", "return np.maximum(x, 0.1 * x)", ("folding_doubles_the_pieces", "relu_can_have_both", "one_relu_layer", "one_relu_layer_at_he", "gains_by_deviation")),
    Fault("ReLU's corner is at 0.1", "nn/activations", "return np.maximum(x, 0.0)", "return np.maximum(x - 0.1, 0.0)", ("a_factor_leaves_the_direction",)),
    Fault("the sigmoid is kept to six digits", "nn/activations", "return np.where(x < 0, e, 1.0) / (1.0 + e)", "return np.round(np.where(x < 0, e, 1.0) / (1.0 + e), 6)", ("a_readout_finds_the_digits_in_layer_ten",)),
    Fault("ReLU's slope is 1 everywhere", "nn/activations", "return (x > 0).astype(np.float64)", "return np.ones_like(x)", ("relu_edge_is_he", "tanh_and_relu_weight_gradients_do_not")),
    Fault("ELU's slope is 1 everywhere", "nn/activations", "return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0.0)))", "return np.ones_like(x)", ("slopes_are_derivatives",)),
    Fault("SELU's alpha is rounded", "nn/activations", "return 1 / math.sqrt(0.5 + alpha**2 * (c2 - 2 * c1 + 1) / 2), alpha", "return 1 / math.sqrt(0.5 + alpha**2 * (c2 - 2 * c1 + 1) / 2), 1.67", ("selu_keeps_mean_and_variance",)),
    Fault("GELU's density is missing in its slope", "nn/activations", "return _normal_cdf(x) + z * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)", "return _normal_cdf(x)", ("slopes_are_derivatives",)),
    Fault("GELU's gate has twice the width", "nn/activations", "0.5 * _erfc(-x / SQRT2)", "0.5 * _erfc(-x / 2 / SQRT2)", ("slopes_are_derivatives",)),
    Fault("SiLU lacks its input", "nn/activations", "return x * _sigmoid(x)", "return _sigmoid(x)", ("slopes_are_derivatives", "silu_at_he_dies")),
    Fault("the digits are not divided by their size", "experiments/digits", "x = (x - mean) / np.sqrt(((x[turn < 4] - mean) ** 2).mean())", "x = x - mean", ("too_large_a_scale_is_gone",)),
    Fault("half precision has four bits of exponent", "nn/floats", '"fp16": (5, 10)', '"fp16": (4, 10)', ("where_floats_end",)),
    # Schemes and gains
    Fault("fan_in and fan_out are exchanged", "nn/initializers", '"fan_in": fan_in, "fan_out": fan_out', '"fan_in": fan_out, "fan_out": fan_in', ("schemes_have_the_law_they_state", "one_direction_is_enough",)),
    Fault("fan_avg is fan_in", "nn/initializers", "(fan_in + fan_out) / 2}", "fan_in}", ("glorot_compromises", "xavier_depends_on_the_fans", "one_over_root_n_is_not_glorot", "a_bottleneck_loses", "glorot_loses_at_every_change")),
    Fault("sigma is the variance", "nn/initializers", 'sigma = math.sqrt(checks.number("scale", scale, above=0.0) / n)', 'sigma = checks.number("scale", scale, above=0.0) / n', ("schemes_have_the_law_they_state", "most_units_are_switches_then", "units_between_say_different_things")),
    Fault("the uniform's root of three is missing", "nn/initializers", "W *= math.sqrt(12.0) * sigma", "W *= 2 * sigma", ("schemes_have_the_law_they_state", "only_the_second_moment_counts", "glorot_mean_singular_values")),
    Fault("the uniform is on one side", "nn/initializers", "W -= 0.5", "W -= 0.0", ("schemes_have_the_law_they_state",)),
    Fault("He lacks the 2", "nn/initializers", 'scale = _scale(2.0, gain)\n    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="normal"', 'scale = _scale(1.0, gain)\n    return variance_scaling(rng, shape, scale=scale, mode="fan_in", distribution="normal"', ("he_gives_the_half_back", "two_over_n_is_of_weights", "variance_for_deviation_dies", "small_bias_does_not_make_all_fire")),
    Fault("the weights' gain is the variance's", "nn/initializers", 'return scale * checks.number("gain", gain, above=0.0) ** 2', 'return scale * checks.number("gain", gain, above=0.0)', ("schemes_have_the_law_they_state",)),
    Fault("constants are not constant", "nn/initializers", 'return np.full(shape, checks.number("value", value), dtype=checks.dtype(dtype))', 'return checks.number("value", value) + 1e-3 * rng.standard_normal(shape)', ("deep_linear_stays_at_zero", "zeros_stop_tanh_and_relu", "sigmoid_leaves_zero_as_one_unit", "a_corner_is_almost_never_met")),
    Fault("normal scales with the fan", "nn/initializers", 'return _draw(rng, shape, checks.number("sigma", sigma, above=0.0), "normal", checks.dtype(dtype))', 'return _draw(rng, shape, sigma / math.sqrt(shape[0]), "normal", checks.dtype(dtype))', ("small_normal_shrinks",)),
    Fault("orthogonal is not: R's diagonal stays in", "nn/initializers", "q *= np.where(np.diag(r) < 0, -1.0, 1.0)", "q *= np.diag(r) / np.abs(np.diag(r)).max()", ("orthogonal_keeps_every_length", "spectrum_spreads_with_depth", "orthogonal_linear_keeps", "keras_gates_are_not_orthogonal", "orthogonal_relu_halves")),
    Fault("the quadrature forgets the density's constant", "nn/gains", "@ _WEIGHTS * half / math.sqrt(2 * math.pi)", "@ _WEIGHTS * half / math.sqrt(2 * 3.2)", ("selu_keeps_mean_and_variance", "tanh_edge_is_lecun", "he_has_no_fixed_size", "gain_of_your_own_is_exact")),
    Fault("the moment is not squared backward", "nn/gains", "return _integrate(lambda z, half: (phi.df if backward else phi.f)(root * z) ** 2)", "return _integrate(lambda z, half: phi.df(root * z) if backward else phi.f(root * z) ** 2)", ("sigmoid_lecun_factor", "sigmoid_weight_gradients_shrink", "differences_shrink_forward_too")),
    Fault("the moment ignores q", "nn/gains", 'root = math.sqrt(checks.number("q", q, above=0.0))\n    backward', "root = 1.0\n    backward", ("forward_factor_is_the_length_map", "backward_factor_is_chi", "tanh_cannot_have_both", "five_thirds_has_a_fixed_point", "sigmoid_has_an_edge_far_out", "gelu_is_unstable_with_biases_too")),
    Fault("backward is forward", "nn/gains", '== "backward"', '== "forward"', ("sigmoid_lecun_factor",)),
    Fault("the gain is the moment's inverse", "nn/gains", "return 1.0 / math.sqrt(moment)", "return 1.0 / moment", ("gelu_gain_is_unstable",)),
    # Networks
    Fault("biases start at 0.1", "nn/network", "self.b = [np.zeros(fan_out) for _, fan_out in shapes]", "self.b = [np.full(fan_out, 0.1) for _, fan_out in shapes]", ("two_inputs_become_one",)),
    Fault("biases are not added", "nn/network", "z = a @ W + b\n", "z = a @ W\n", ("folding_doubles_the_pieces", "other_ways_to_break_it")),
    Fault("backward leaves out the slope", "nn/network", "delta = da * unchecked(self.activations[layer].df)(run.pre_activations[layer])", "delta = da", ("sigmoid_lecun_factor", "five_thirds_explodes_backward", "thirty_layers_by_default", "steps_do_not_learn")),
    Fault("backward takes the slope of the layer's input", "nn/network", "delta = da * unchecked(self.activations[layer].df)(run.pre_activations[layer])", "delta = da * unchecked(self.activations[layer].df)(run.inputs[layer] if run.inputs[layer].shape == da.shape else da)", ("sigmoid_lecun_factor",)),
    Fault("backward does not transpose", "nn/network", "da = delta @ self.W[layer].T", "da = delta @ (self.W[layer] if len(set(self.W[layer].shape)) == 1 else self.W[layer].T)", ("backpropagation_is_the_product",)),
    Fault("backward passes on the same gradient to every input", "nn/network", "da = delta @ self.W[layer].T", "da = (delta @ self.W[layer].T).mean(axis=1, keepdims=True) + np.zeros(self.W[layer].shape[0])", ("a_quarter_to_the_n_is_no_bound",)),
    Fault("the weight gradient takes the outputs", "nn/network", "dW.append(run.inputs[layer].T @ delta)", "dW.append(np.abs(run.inputs[layer]).T @ delta)", ("pretraining_revives_depth_five", "random_outputs_part_constant_layers")),
    Fault("the weight gradient has the wrong sign", "nn/network", "dW.append(run.inputs[layer].T @ delta)", "dW.append(-run.inputs[layer].T @ delta)", ("the_right_scale_learns", "equal_units_stay_equal")),
    Fault("the bias gradient is missing", "nn/network", "db.append(delta.sum(axis=0))", "db.append(0.0 * delta.sum(axis=0))", ("nudging_a_weight_agrees", "more_equal_units_add_nothing", "random_weights_break_it", "gradient_of_a_layer_over_the_next")),
    Fault("the output has the hidden activation", "nn/network", "[activation(hidden)] * (len(shapes) - 1) + [activation(output)]", "[activation(hidden)] * len(shapes)", ("the_right_scale_learns",)),
    Fault("softmax is not normalized", "nn/network", "log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))", "log_p = shifted - np.log(np.exp(shifted).mean(axis=1, keepdims=True))", ("loss_at_the_start", "tied_embeddings_start_loud", "small_embeddings_start_even")),
    Fault("the cross-entropy's derivative lacks the target", "nn/network", "cotangent[rows, labels] -= 1.0", "cotangent[rows, labels] -= 0.0", ("the_right_scale_learns", "constant_output_weights_cancel_the_errors")),
    Fault("the squared error's derivative has half the size", "nn/network", "error / len(error)", "0.5 * error / len(error)", ("nudging_a_weight_agrees",)),
    # Experiments
    Fault("the gain of a network counts twice", "experiments/propagation", "factors = iter([first] + [gain] * (depth - 1))", "factors = iter([first**2] + [gain**2] * (depth - 1))", ("standard_divides_by_root_three", "selu_at_three_quarters", "orthogonal_tanh_wants_a_gain_of_one")),
    Fault("every layer has the same weights", "experiments/propagation", "next(factors) * scheme(rng, shape)", "next(factors) * scheme(np.random.default_rng(seed), shape)", ("keras_and_flax_defaults_lose_half", "selu_gradient_grows")),
    Fault("a bias is added in every network", "experiments/propagation", "if sigma_b > 0.0:", "sigma_b += 0.2\n    if sigma_b > 0.0:", ("tanh_dies_slowly", "tanh_does_not_stabilize_at_a_quarter", "fifty_relu_layers", "without_biases_angles_are_kept")),
    Fault("the biases are left out", "experiments/propagation", "if sigma_b > 0.0:", "if False:", ("reach_is_the_depth_scale", "pytorch_default_forgets_its_input", "biases_hold_up_the_signal")),
    Fault("the ratio counts the layers, not the steps between them", "experiments/propagation", "(1.0 / max(1, len(by_layer) - 1))", "(1.0 / len(by_layer))", ("relu_factors_by_scale",)),
    Fault("the rms is the mean size", "experiments/propagation", "float(np.sqrt(np.mean((x / largest) ** 2)))", "float(np.mean(np.abs(x / largest)))", ("stable_is_not_self_normalizing",)),
    Fault("the centering bias has the wrong sign", "experiments/propagation", "net.b[layer] = -(a @ net.W[layer]).mean(axis=0)", "net.b[layer] = (a @ net.W[layer]).mean(axis=0)", ("centered_units_need_less",)),
    Fault("the spectrum leaves out the activation's slope", "experiments/propagation", "product, a = product @ (W * phi.df(z)), phi.f(z)", "product, a = product @ W, phi.f(z)", ("relu_undoes_orthogonality",)),
    Fault("the spectrum adds the matrices", "experiments/propagation", "product, a = product @ (W * phi.df(z)), phi.f(z)", "product, a = product + W * phi.df(z), phi.f(z)", ("orthogonal_keeps_every_length", "gaussian_products_lose_directions", )),
    Fault("the projection's scale is 1/D", "experiments/propagation", "lambda d: d**-0.5", "lambda d: 1 / d", ("root_d_keeps_the_size",)),
    Fault("the projection takes the sizes", "experiments/propagation", 'np.einsum("nd,nd->n", w, x) ** 2', 'np.einsum("nd,nd->n", np.abs(w), np.abs(x))', ("it_is_the_mean_square_not_the_variance",)),
    Fault("the inputs' mean is left out", "experiments/propagation", "x = mean + np.sqrt(1 - mean**2)", "x = np.sqrt(1 - mean**2)", ("it_is_the_mean_square_not_the_variance",)),
    Fault("weights take the biases' rate", "experiments/training", "net.W[layer] -= eta * grad.W[layer]", "net.W[layer] -= eta_b * grad.W[layer]", ("n_units_are_one",)),
    Fault("training goes uphill", "experiments/training", "net.W[layer] -= eta * grad.W[layer]", "net.W[layer] += eta * grad.W[layer]", ("a_little_noise_costs_steps",)),
    Fault("only the last layer is trained", "experiments/training", "net.W[layer] -= eta * grad.W[layer]", "net.W[layer] -= (layer == len(net.W) - 1) * eta * grad.W[layer]", ("dropout_breaks_it", "rows_part_at_the_first_step")),
    Fault("steps are ten times as long", "experiments/training", "net.W[layer] -= eta * grad.W[layer]", "net.W[layer] -= 10 * eta * grad.W[layer]", ("a_smaller_rate_bears_a_larger_scale",)),
    Fault("Adam does not divide by the gradient's size", "experiments/training", "rate * mean / (np.sqrt(square) + 1e-8)", "rate * mean", ("adam_learns_from_half_the_scale", "adam_frees_five_sigmoid_layers", "adam_bears_what_is_too_small")),
    Fault("rates are not equalized", "experiments/training", "rates = [rate * sizes[-1] / size for size in sizes]", "pass", ("rates_rescue_depth_five",)),
    Fault("the gain of a trained network is left out", "experiments/training", "lambda rng, shape: factor * scheme(rng, shape)", "lambda rng, shape: scheme(rng, shape)", ("half_the_scale_does_not_learn", "a_larger_scale_rescues_depth_ten", "within_twenty_it_trains", "beyond_four_hundred_it_does_not", "relu_at_depth_ten_by_scale", "thirty_layers_train_from_he", "trainable_depth_follows_the_edge", "escape_time_against_depth")),
    Fault("an explosion is not noted", "experiments/training", "exploded_at = step\n", "exploded_at = None\n", ("too_large_a_scale_is_gone", "without_the_minus_it_explodes")),
    Fault("the accuracy is that of the first output", "experiments/training", "net.forward(x).output.argmax(axis=1) == y", "net.forward(x).output.argmin(axis=1) == y", ("the_right_scale_learns", "relu_trains_without_being_smooth")),
    Fault("dropped units are trained", "experiments/symmetry", "speaks = (rng.random((units, 1)) >= dropout) / (1 - dropout)", "speaks = np.ones((units, 1))", ("dropout_breaks_it", "dropout_does_not_help_from_zeros", "dropout_parts_even_zeros")),
    Fault("the three rates are one", "experiments/symmetry", "into, out, bias = rates or (rate, rate, rate)", "into, out, bias = (rates or (rate, rate, rate))[:1] * 3", ("n_units_are_one",)),
    Fault("the tent is flat on one side", "experiments/symmetry", "out = np.array([[2.0], [-4.0]])", "out = np.array([[2.0], [-2.0]])", ("folding_doubles_the_pieces",)),
    Fault("pieces are counted as kinks", "experiments/symmetry", "return 1 + int((np.diff(slopes) != 0).sum())", "return int((np.diff(slopes) != 0).sum())", ("one_layer_has_n_plus_one",)),
    Fault("pre-training does not train", "experiments/pretraining", "descend(coder, coder.backward(run, cotangent), rate)", "pass", ("pretraining_revives_depth_five", "pretraining_finds_larger_weights")),
    Fault("the shuffled start is the random one", "experiments/pretraining", "rng.permutation(nets[1].W[layer].ravel())", "rng.permutation(nets[0].W[layer].ravel())", ("shuffled_weights_still_learn",)),
    Fault("products use one matrix for all factors", "experiments/products", "if k == 0 or not same:", "if k == 0:", ("the_same_matrix_is_worse", "narrow_networks_lose")),
    Fault("products never use one matrix", "experiments/products", "if k == 0 or not same:", "if True:", ("the_same_matrix_is_worse",)),
    Fault("the exponent lacks the ln 2", "experiments/products", "(math.log(2) + float(digamma)) / 2", "float(digamma) / 2", ("growth_of_random_matrices", "small_entries_explode")),
    Fault("products cut nothing", "experiments/products", "v = np.maximum(v, 0.0)", "v = np.maximum(v, -v)", ("mean_and_median_part", "spread_grows_with_depth_over_width")),
    Fault("products forget to rescale", "experiments/products", "v /= length[:, None]", "v /= 1.0", ("half_above_one_vanishes", "scalar_edge_is_at_1_89")),
    Fault("a recurrence's gradient leaves out the slopes", "experiments/recurrent", "jacobian = (W * slope) @ jacobian", "jacobian = W @ jacobian", ("tanh_recurrence_is_tamed", "a_saturated_unit_vanishes")),
    Fault("a recurrence's gradient is the smallest singular value", "experiments/recurrent", "np.linalg.norm(jacobian, 2)", "np.linalg.norm(jacobian, -2)", ("non_normal_grows_first",)),
    Fault("a recurrence is scaled by its singular value", "experiments/recurrent", "np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)", ("recurrences_follow_the_radius",)),
    Fault("clipping cuts each entry", "experiments/recurrent", "return [g * min(1.0, largest / norm) for g in grads]", "return [np.clip(g, -largest, largest) for g in grads]", ("clipping_keeps_the_direction",)),
    Fault("clipping clips nothing", "experiments/recurrent", "return [g * min(1.0, largest / norm) for g in grads]", "return grads", ("clipping_brings_it_back",)),
    Fault("clipping accepts infinity", "experiments/recurrent", 'grads = [checks.array("gradients", g) for g in gradients]', "grads = list(gradients)", ("clipping_cannot_mend_infinity",)),
    Fault("chi has the weights' deviation", "experiments/meanfield", 'return FixedPoint(q, sigma_w**2 * second_moment(activation, q, direction="backward"))', 'return FixedPoint(q, sigma_w * second_moment(activation, q, direction="backward"))', ("tanh_edge_with_biases", "sigmoid_factor_reaches_one_near_ten", "order_merges_inputs")),
    Fault("the length map leaves out the bias", "experiments/meanfield", 'checks.number("sigma_b", sigma_b, least=0.0) ** 2', "0.0", ("reach_is_the_depth_scale", "relu_has_a_point")),
    Fault("the correlation map is the identity", "experiments/meanfield", "return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi", "return float(c)", ("two_inputs_become_one", "correlation_closes_like_one_over_l_squared")),
    Fault("lengths share their fluctuations fully", "experiments/meanfield", "spread.append(spread[-1] + 1.5 - both / (2 * math.pi))", "spread.append(spread[-1])", ("what_is_left_is_length",)),
    Fault("the deepest network is the first that fails", "experiments/trainability", "return float(depths[k - 1] + part * (depths[k] - depths[k - 1]))", "return float(depths[-1])", ("trainable_depth_over_depth_scale",)),
    Fault("the sigmoid is tanh", "nn/activations", '"sigmoid": (_sigmoid, _sigmoid_slope)', '"sigmoid": (np.tanh, _tanh_slope)', ("rates_do_not_rescue_depth_ten", "deep_sigmoid_is_stuck", "sigmoid_learns_less_than_its_gradient")),
    Fault("the sigmoid's slope is shifted", "nn/activations", "return e / (1.0 + e) ** 2", "e = np.exp(-np.abs(x - 0.1))\n    return e / (1.0 + e) ** 2", ("the_peak_is_at_zero",)),
    Fault("ReLU's slope is 1/2 where it is on", "nn/activations", "return (x > 0).astype(np.float64)", "return 0.5 * (x > 0)", ("identity_keeps_the_gradient", "identity_starts_at_one", "identity_is_on_the_edge")),
    Fault("the weight gradient is one for all inputs", "nn/network", "dW.append(run.inputs[layer].T @ delta)", "dW.append((run.inputs[layer].T @ delta).mean(axis=0) + np.zeros(self.W[layer].shape))", ("gradients_differ_between_inputs",)),
    Fault("randn(D) shrinks with D", "experiments/propagation", '"randn(D)": lambda d: 1.0', '"randn(D)": lambda d: d**-0.25', ("plain_normal_grows_with_d",)),
    Fault("products are of signs", "experiments/products", "W = sigma * rng.standard_normal((draws, width, width))", "W = sigma * rng.choice([-1.0, 1.0], (draws, width, width))", ("a_few_products_carry_the_mean",)),
    Fault("a recurrence's gradient multiplies the norms", "experiments/recurrent", "norms.append(float(np.linalg.norm(jacobian, 2)))", "norms.append(norms[-1] * float(np.linalg.norm(W * slope, 2)))", ("large_entries_vanish", "large_singular_value_is_not_sufficient")),
    Fault("a recurrence adds its state", "experiments/recurrent", "jacobian = (W * slope) @ jacobian", "jacobian = (W * slope + np.eye(len(h))) @ jacobian", ("a_power_explodes_above_one",)),
    Fault("the correlation map leaves out the bias", "experiments/meanfield", "return float(sigma_w**2 * together + sigma_b**2) / following", "return float(sigma_w**2 * together) / following", ("chaos_parts_inputs",)),
    Fault("branches replace the stream", "nn/network", "a = a + outputs[layer - 1]", "a = 1.0 * a", ("stream_doubles",)),
    Fault("branches are not divided", "experiments/residual", "math.sqrt(2) * branch", "math.sqrt(2)", ("divided_branches_end_at_e", "divided_pre_norm_branches_double_the_stream", "counting_layers_ends_at_three")),
    Fault("nothing is normalized inside", "nn/network", 'a = self._normalize("input", layer, a, deviations)', "a = 1.0 * a", ("pre_norm_grows_by_one",)),
    Fault("a normalization passes gradients as they are", "nn/network", "return np.asarray((dy - dy.mean(axis=axis, keepdims=True) - y * along) / deviation)", "return np.asarray(dy + 0.0 * along)", ("pre_norm_gradient_grows_like_the_root", "post_norm_keeps_both", "batch_norm_explodes", "batch_norm_at_fifty_layers")),
    Fault("Fixup grows with the branches", "experiments/residual", "self.W[first] *= math.sqrt(2 / blocks)", "self.W[first] *= math.sqrt(2 * blocks)", ("fixup_step_does_not_depend_on_depth", "fixup_trains_two_hundred_layers")),
    Fault("last matrices are never 0", "experiments/residual", ".get(start, 0.0)", ".get(start, math.sqrt(2))", ("a_smaller_rate_does_too",)),
    Fault("maximal update has one rate for all layers", "experiments/mup", "rates = [rate, rate * 64 / width, rate * 64 / width] if mup else [rate] * 3", "rates = [rate] * 3", ("mup_moves_do_not_depend_on_width",)),
    Fault("LSUV divides by the variance", "experiments/lsuv", "net.W[layer] /= math.sqrt(variance)", "net.W[layer] /= variance", ("one_correction_suffices",)),
    Fault("a truncated normal is not widened", "nn/initializers", "sigma /= truncated_deviation()", "sigma /= 1.0", ("truncated_is_as_good_as_normal",)),
    Fault("a truncated normal's deviation forgets what is left", "nn/initializers", "return math.sqrt(1 - 2 * c * density / math.erf(c / math.sqrt(2)))", "return math.sqrt(1 - 2 * c * density)", ("jax_normal_has_no_tails",)),
    Fault("fans forget the kernel", "nn/checks", 'return kernel * count("fan_in", shape[-2]), kernel * count("fan_out", shape[-1])', 'return count("fan_in", shape[-2]), count("fan_out", shape[-1])', ("transposed_counts_outputs",)),
    Fault("the forget gate has no bias", "experiments/recurrent", "forget = sigmoid(f + bias)", "forget = sigmoid(f)", ("a_gate_at_one_half_forgets",)),
    Fault("the gain by deviation forgets the mean", "experiments/catalog", "variance = size - mean(function) ** 2", "variance = size", ("deviation_is_the_wrong_target",)),
    Fault("the critical pair takes the forward gain", "experiments/catalog", "(1 / slope, max(left, 0.0)) if left > -1e-9 else None", "(1 / size, max(left, 0.0)) if left > -1e-9 else None", ("pair_keeps_both",)),
    Fault("every activation has a critical pair", "experiments/catalog", "if left > -1e-9 else None", "if True else None", ("no_pair_for_two",)),
    Fault("GELU is ReLU", "nn/activations", '"gelu": (_gelu, _gelu_slope)', '"gelu": (_relu, _step)', ("gelu_is_not_relu",)),
    Fault("tanh is linear", "nn/activations", '"tanh": (np.tanh, _tanh_slope)', '"tanh": (_linear, _one)', ("lengths_settle_in_a_few_layers",)),
    Fault("ReLU is linear", "nn/activations", "return np.maximum(x, 0.0)", "return 1.0 * x", ("dead_units_are_born_deep",)),
    Fault("normal weights have a mean", "nn/initializers", "sigma /= truncated_deviation()\n    W *= sigma\n", "sigma /= truncated_deviation()\n    W *= sigma\n    W += 0.5 * sigma\n", ("they_are_off_because_inputs_are_alike",)),
    Fault("the correlation map mixes another share", "experiments/meanfield", "math.sqrt(1 - c * c) * z[None, :]", "(1 - c) * z[None, :]", ("slope_of_the_correlation_map_is_chi",)),
    Fault("saturation is judged at half the largest slope", "experiments/saturation", "< 0.1 * _largest_slope(phi)", "< 0.5 * _largest_slope(phi)", ("tanh_halves",)),
    Fault("biases are shifted the other way", "experiments/saturation", 'net.b[layer] += checks.number("shift", shift)', 'net.b[layer] -= checks.number("shift", shift)', ("relu_halves",)),
    Fault("units are muffled, not killed", "experiments/saturation", "= -100.0", "= -1.0", ("dead_units_halve",)),
    Fault("the rate is five times as large", "experiments/saturation", "data.train_y[rows])[1]), rate)", "data.train_y[rows])[1]), 5 * rate)", ("scale_alone_does_not",)),
    Fault("the default has LeCun's deviation", "nn/initializers", '"pytorch_linear": lecun / math.sqrt(3)', '"pytorch_linear": lecun', ("twenty_default_layers",)),
    Fault("the edge is found to a tenth only", "experiments/meanfield", "while high - low > 1e-9 * high", "while high - low > 1e-1 * high", ("reach_grows_like_one_over_distance",)),
)  # fmt: skip


def failing(fault: Fault, claims: list[str]) -> dict[str, str]:
    """Run claims on a copy of the package with the fault, and return id and problem of those that fail."""
    with TemporaryDirectory() as folder:
        package = Path(folder) / "wi_docs"
        shutil.copytree(ROOT / "wi_docs", package, ignore=shutil.ignore_patterns("__pycache__"))
        path = package / f"{fault.module}.py"
        text = path.read_text(encoding="utf-8")
        if text.count(fault.old) != 1:
            raise ValueError(f"{fault.what}: {fault.old!r} stands {text.count(fault.old)} times in {path.name}")
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "wi_docs", "claims", "--json", *claims],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not done.stdout:
            raise ValueError(f"{fault.what}: {done.stderr[-2000:]}")
        return {record["id"]: record["problem"] for record in json.loads(done.stdout) if record["problem"]}


BESIDE = "it holds a framework's own numbers against a formula written beside them; the package computes nothing in it"
UNTOUCHED = {
    "zeros_find_the_smallest_solution": "it runs on numpy alone; the package has no least squares to be wrong in",
    "convex_from_anywhere": "it descends in numpy alone, on digits that the package only reads",
    "four_pixels_never_change": "it descends in numpy alone, on digits that the package only reads",
    "product_of_100_matrices": "it multiplies its matrices in numpy and uses nothing of the package",
    "rows_point_one_way": "it reads off numbers that a book printed",
    "root_five_is_a_bound": BESIDE,
    "torch_default_divides_by_root_six": BESIDE,
    "attention_is_stacked": BESIDE,
    "depthwise_counts_all_channels": BESIDE,
    "keras_counts_all_groups": BESIDE,
    "keras_transposes_too": BESIDE,
    "nnx_gates_are_stacked": BESIDE,
    "only_keras_remembers": BESIDE,
    "torch_truncates_at_two_not_at_two_sigma": BESIDE,
    "embeddings_differ_by_thirty": BESIDE,
}


def main(words: list[str]) -> int:
    """Plant faults, print what noticed, and return how many claims should have and did not."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.what for word in words)]
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each runs in processes of its own
        found = pool.map(lambda fault: failing(fault, list(fault.noticed_by)), chosen)
        for number, (fault, failed) in enumerate(zip(chosen, found, strict=True), start=1):
            silent = [name for name in fault.noticed_by if name not in failed]
            missed += len(silent)
            verdict = f"NOT noticed by {', '.join(silent)}" if silent else f"noticed by {', '.join(fault.noticed_by)}"
            print(f"[{number}/{len(chosen)}] {fault.module}: {fault.what}: {verdict}", flush=True)
    return missed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
