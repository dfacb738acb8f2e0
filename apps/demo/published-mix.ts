import { ResourceVector } from './resources.js';

/** A shape and how often it was asked for. */
export interface WeightedShape {
  readonly priority: number;
  readonly request: ResourceVector;
  readonly weight: number;
}

/**
 * Which shapes are frequent in a production GPU cluster, and how frequent: counted from the public default pod list (8,152 pods, 162
 * combinations of service class and request) of the Alibaba cluster trace of 2023, cluster-trace-gpu-v2023, which was published with
 * Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC'23.
 * Listed are combinations of at least ten pods, the rare highest class, and the larger requests for several GPUs: 97% of all pods.
 * The classes Guaranteed, LS, Burstable and BE are priorities 3 to 0.
 *
 * Columns: priority, CPU in millicores, memory in MiB, GPU in thousandths of a device, pods.
 */
const COUNTED: readonly (readonly [number, number, number, number, number])[] = [
  [3, 12_000, 24_576, 1_000, 5],
  [3, 6_000, 8_192, 1_000, 1],
  [3, 8_000, 16_384, 0, 1],
  [2, 11_300, 49_152, 1_000, 857],
  [2, 11_400, 48_128, 1_000, 534],
  [2, 11_908, 47_104, 470, 388],
  [2, 12_500, 57_344, 0, 364],
  [2, 18_708, 64_512, 1_000, 255],
  [2, 11_908, 47_104, 650, 237],
  [2, 9_810, 41_560, 1_000, 195],
  [2, 15_700, 58_368, 1_000, 158],
  [2, 15_400, 51_200, 0, 120],
  [2, 16_000, 32_768, 1_000, 108],
  [2, 4_000, 24_576, 1_000, 104],
  [2, 12_000, 24_576, 1_000, 101],
  [2, 8_000, 16_384, 1_000, 101],
  [2, 12_000, 16_384, 1_000, 99],
  [2, 16_500, 51_200, 0, 95],
  [2, 14_200, 58_368, 1_000, 93],
  [2, 24_200, 93_184, 1_000, 84],
  [2, 11_400, 77_824, 1_000, 65],
  [2, 6_000, 6_144, 460, 51],
  [2, 11_900, 77_824, 1_000, 51],
  [2, 8_000, 32_768, 1_000, 50],
  [2, 12_000, 15_360, 1_000, 44],
  [2, 8_200, 33_792, 1_000, 41],
  [2, 4_000, 31_250, 1_000, 40],
  [2, 15_200, 80_896, 1_000, 36],
  [2, 16_000, 65_536, 1_000, 33],
  [2, 6_000, 12_288, 460, 29],
  [2, 16_400, 125_952, 1_000, 27],
  [2, 6_000, 18_432, 460, 18],
  [2, 64_200, 263_168, 8_000, 18],
  [2, 11_300, 37_888, 1_000, 16],
  [2, 1_000, 6_144, 1_000, 15],
  [2, 11_400, 57_344, 0, 11],
  [2, 8_000, 15_625, 0, 11],
  [2, 32_200, 132_096, 4_000, 9],
  [2, 16_200, 66_560, 2_000, 7],
  [1, 12_000, 24_576, 1_000, 52],
  [1, 88_000, 327_680, 8_000, 18],
  [1, 7_000, 30_000, 1_000, 11],
  [0, 3_152, 5_600, 810, 1_047],
  [0, 3_152, 5_600, 1_000, 470],
  [0, 8_000, 30_517, 470, 358],
  [0, 32_000, 49_152, 0, 284],
  [0, 8_000, 30_517, 0, 163],
  [0, 11_908, 47_104, 1_000, 153],
  [0, 4_000, 22_888, 320, 111],
  [0, 4_000, 30_517, 230, 84],
  [0, 4_000, 15_258, 320, 78],
  [0, 3_152, 5_600, 590, 75],
  [0, 8_000, 30_517, 320, 72],
  [0, 4_152, 10_600, 550, 72],
  [0, 4_000, 15_258, 160, 53],
  [0, 4_152, 10_600, 370, 45],
  [0, 4_000, 30_517, 320, 43],
  [0, 4_152, 10_600, 810, 31],
  [0, 4_000, 22_888, 230, 26],
  [0, 4_000, 15_258, 220, 24],
  [0, 1_000, 2_048, 320, 22],
  [0, 6_000, 22_888, 160, 20],
  [0, 8_000, 30_517, 220, 19],
  [0, 4_000, 22_888, 480, 18],
  [0, 8_000, 30_517, 230, 18],
  [0, 8_000, 30_517, 650, 12],
  [0, 4_000, 15_258, 230, 12],
  [0, 4_000, 22_888, 220, 11],
];

const shapes: readonly WeightedShape[] = COUNTED.map(([priority, cpuMillis, memoryMib, gpuMillis, weight]) => ({
  priority,
  request: ResourceVector.of({ cpuMillis, memoryMib, gpuMillis }),
  weight,
}));

/** The mix of shapes from which workloads are generated. */
export const PUBLISHED_MIX = shapes;
