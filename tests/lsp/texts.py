"""What the editor opens. Characters of one, two, three and four bytes stand before what is found."""

PUBLIC = "aws-s3-block-public-access"
ENCRYPTED = "aws-rds-storage-encrypted"
PLAINTEXT = "aws-rds-no-plaintext-secret"

BUCKET = """\
# é 𝒳 🔐 data
resource "aws_s3_bucket" "data" {
  bucket = "acme-data"
}

resource "aws_s3_bucket_public_access_block" "data" {
  bucket = aws_s3_bucket.data.id

  /* 🔐é👩‍💻 */ block_public_acls = false # for now
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
BLOCKED = BUCKET.replace("= false", "= true")

DATABASE = """\
resource "aws_db_instance" "orders" {
  identifier        = "orders"
  engine            = "postgres"
  instance_class    = "db.t4g.medium"
  allocated_storage = 50
  username          = "orders"
  password          = "hunter2-hunter2"
  storage_encrypted = false
}
"""

TEMPLATE = """\
Resources:
  Archive: # 🔐
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: {"é🔐": 1, on: 2}
"""


def with_crlf(text):
    return text.replace("\n", "\r\n")
