//! The standard normal distribution, by functions that give the same bits on every
//! machine.

/// The share of values below this one.
pub(crate) fn cumulative(value: f64) -> f64 {
    0.5 * libm::erfc(-value * std::f64::consts::FRAC_1_SQRT_2)
}

/// The value that this share of all lies below: the inverse of [`cumulative`], by
/// algorithm AS 241 (Wichura 1988, PPND16), exact to about 16 digits. Shares of 0 and 1
/// give the values of 10⁻³⁰⁰ and of what is next to 1.
pub(crate) fn quantile(share: f64) -> f64 {
    let share = share.clamp(1e-300, 1.0 - f64::EPSILON / 2.0);
    let from_middle = share - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180_625 - from_middle * from_middle;
        return from_middle * ratio(&MIDDLE.0, &MIDDLE.1, r);
    }
    let tail = if from_middle < 0.0 { share } else { 1.0 - share };
    let r = libm::sqrt(-libm::log(tail));
    let value =
        if r <= 5.0 { ratio(&NEAR.0, &NEAR.1, r - 1.6) } else { ratio(&FAR.0, &FAR.1, r - 5.0) };
    if from_middle < 0.0 { -value } else { value }
}

/// Coefficients of a quotient of two polynomials, the highest power first.
type Quotient = ([f64; 8], [f64; 8]);

fn ratio(above: &[f64; 8], below: &[f64; 8], at: f64) -> f64 {
    let value = |polynomial: &[f64; 8]| polynomial.iter().fold(0.0, |sum, c| sum * at + c);
    value(above) / value(below)
}

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const MIDDLE: Quotient = (
    [
        2.509_080_928_730_122_6e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_870_4e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        1.331_416_678_917_843_8e2,
        3.387_132_872_796_366_5,
    ],
    [
        5.226_495_278_852_854_6e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        6.871_870_074_920_579e2,
        4.231_333_070_160_091e1,
        1.0,
    ],
);
const NEAR: Quotient = (
    [
        7.745_450_142_783_414e-4,
        2.272_384_498_926_918_4e-2,
        2.417_807_251_774_506e-1,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        1.519_866_656_361_645_7e-2,
        1.481_039_764_274_800_8e-1,
        6.897_673_349_851e-1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
);
const FAR: Quotient = (
    [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        2.653_218_952_657_612_4e-2,
        2.965_605_718_285_048_7e-1,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_8e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        1.487_536_129_085_061_5e-2,
        1.369_298_809_227_358e-1,
        5.998_322_065_558_88e-1,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (share, value) in [
            (0.5, 0.0),
            (0.841_344_746_068_542_9, 1.0),
            (0.975, 1.959_963_984_540_054),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((quantile(share) - value).abs() < 1e-9, "{share}: {}", quantile(share));
        }
        for step in 1..1000 {
            let share = f64::from(step) / 1000.0;
            assert!((cumulative(quantile(share)) - share).abs() < 1e-12, "{share}");
        }
    }
}
