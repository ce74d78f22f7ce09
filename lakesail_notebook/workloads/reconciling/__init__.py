"""What moves sessions and workloads without anybody asking."""
