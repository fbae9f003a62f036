/* c = a + b. Without the C library, so that the trace holds the kernel and nothing else:
 *   gcc -O1 -nostdlib -static -fno-stack-protector -o vector_add vector_add.c
 *   valgrind --tool=lackey --trace-mem=yes --log-file=vector_add.lackey ./vector_add
 */
enum { N = 2048 };
static volatile double a[N], b[N], c[N];

void _start(void)
{
    for (int i = 0; i < N; i++)
        c[i] = a[i] + b[i];
    __asm__ volatile("syscall" : : "a"(60), "D"(0));
}
