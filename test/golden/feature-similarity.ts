/** Rows of features, of one dimension. */
export interface FeatureRows {
  readonly values: Float64Array
  readonly dimension: number
}

export type SimilarityKind = 'Cosine' | 'CosineDistance' | 'Euclidean'

export interface FeatureSimilarity {
  /** [queries, references] */
  readonly values: Float64Array
  /** ∂/∂queries and ∂/∂references of a gradient [queries, references]. */
  backward(gradient: Float64Array): { readonly queries: Float64Array; readonly references: Float64Array }
}

/** Similarities of all queries to all references in float64 by plain loops, with their gradient. */
export function featureSimilarity(
  queries: FeatureRows,
  references: FeatureRows,
  kind: SimilarityKind,
): FeatureSimilarity {
  return kind === 'Euclidean'
    ? computeEuclideanDistance(queries, references)
    : computeCosineSimilarity(queries, references, kind === 'Cosine' ? 1 : -1)
}

function computeCosineSimilarity(queries: FeatureRows, references: FeatureRows, sign: 1 | -1): FeatureSimilarity {
  const unitQueries = unitRows(queries)
  const unitReferences = unitRows(references)
  const values = computeDotProducts(unitQueries, unitReferences)
  return {
    values: sign === 1 ? values : values.map((value) => 1 - value),
    backward: (gradient) => {
      const signed = gradient.map((value) => sign * value)
      return {
        queries: unitQueries.backward(mixRows(signed, unitReferences)),
        references: unitReferences.backward(mixRows(transposeMatrix(signed, countFeatureRows(queries)), unitQueries)),
      }
    },
  }
}

/** L2 distances; 0 has gradient 0, as torch's norm. */
function computeEuclideanDistance(queries: FeatureRows, references: FeatureRows): FeatureSimilarity {
  const { dimension } = queries
  const count = countFeatureRows(references)
  const values = new Float64Array(countFeatureRows(queries) * count)
  values.forEach((_, at) => {
    let sum = 0
    for (let d = 0; d < dimension; d++) sum += difference(at, d) ** 2
    values[at] = Math.sqrt(sum)
  })
  function difference(at: number, d: number): number {
    const query = Math.floor(at / count) * dimension + d
    const reference = (at % count) * dimension + d
    return value(queries.values, query) - value(references.values, reference)
  }
  return {
    values,
    backward: (gradient) => {
      const ofQueries = new Float64Array(queries.values.length)
      const ofReferences = new Float64Array(references.values.length)
      gradient.forEach((g, at) => {
        for (let d = 0; d < dimension; d++) {
          const flow = value(values, at) === 0 ? 0 : (g * difference(at, d)) / value(values, at)
          const query = Math.floor(at / count) * dimension + d
          const reference = (at % count) * dimension + d
          ofQueries[query] = value(ofQueries, query) + flow
          ofReferences[reference] = value(ofReferences, reference) - flow
        }
      })
      return { queries: ofQueries, references: ofReferences }
    },
  }
}

interface UnitRows extends FeatureRows {
  backward(gradient: Float64Array): Float64Array
}

function unitRows({ values, dimension }: FeatureRows): UnitRows {
  const norms = Float64Array.from({ length: values.length / dimension }, (_, row) =>
    Math.hypot(...values.subarray(row * dimension, (row + 1) * dimension)),
  )
  const unit = values.map((v, at) => v / value(norms, Math.floor(at / dimension)))
  return {
    values: unit,
    dimension,
    backward: (gradient) => {
      const along = new Float64Array(norms.length)
      gradient.forEach((g, at) => {
        const row = Math.floor(at / dimension)
        along[row] = value(along, row) + g * value(unit, at)
      })
      return gradient.map((g, at) => {
        const row = Math.floor(at / dimension)
        return (g - value(unit, at) * value(along, row)) / value(norms, row)
      })
    },
  }
}

function computeDotProducts(a: FeatureRows, b: FeatureRows): Float64Array {
  const count = countFeatureRows(b)
  return Float64Array.from({ length: countFeatureRows(a) * count }, (_, at) => {
    let sum = 0
    for (let d = 0; d < a.dimension; d++) {
      const left = value(a.values, Math.floor(at / count) * a.dimension + d)
      sum += left * value(b.values, (at % count) * a.dimension + d)
    }
    return sum
  })
}

/** weights [N, rows] · rows → [N, dimension]; a weight that is not finite spoils its row only. */
function mixRows(weights: Float64Array, rows: FeatureRows): Float64Array {
  const count = countFeatureRows(rows)
  const { dimension } = rows
  return Float64Array.from({ length: (weights.length / count) * dimension }, (_, at) => {
    let sum = 0
    for (let row = 0; row < count; row++) {
      const weight = value(weights, Math.floor(at / dimension) * count + row)
      sum += weight * value(rows.values, row * dimension + (at % dimension))
    }
    return sum
  })
}

function transposeMatrix(matrix: Float64Array, rows: number): Float64Array {
  const columns = matrix.length / rows
  return matrix.map((_, at) => value(matrix, (at % rows) * columns + Math.floor(at / rows)))
}

function countFeatureRows({ values, dimension }: FeatureRows): number {
  return values.length / dimension
}

function value(array: Float64Array, at: number): number {
  return array[at] as number
}
